"""`--tracking none`."""

from __future__ import annotations

from reconciler.tracking.base import ModelDetails, ModelMark, ModelVersion, RunData, Tracking
from reconciler.tracking.none import NoTracking

from .mlflow_kind import request


def test_without_tracking_every_question_has_an_empty_answer_at_once() -> None:
    tracking: Tracking = NoTracking()
    assert tracking.variables("", "lending") == {}
    assert tracking.start_run(request("r")).result(0) == ""
    assert tracking.copy_run("", request("r")).result(0) == ""
    assert tracking.finish_run("", "FINISHED", {"m": 1.0}).result(0) == RunData("", "FINISHED", {"m": 1.0}, {}, {}, ())
    assert tracking.histories([""], "m").result(0) == {}
    assert tracking.registered([""]).result(0) == ()
    assert tracking.registered([""], "").result(0) == tracking.versions_of(["loans"]).result(0) == ()
    assert tracking.holders("champion").result(0) == {}
    assert tracking.missing(["r"]).result(0) == frozenset()
    assert tracking.details([ModelVersion("loans", "1", (), "")]).result(0) == (ModelDetails(None, {}),)
    assert tracking.mark([ModelMark("loans", "1")]).result(0) is None
    assert tracking.set_aliases([]).result(0) is None
    tracking.flush()
    tracking.close()
