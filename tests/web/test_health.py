"""Whether the daemon lives and is ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.daemon.outcome import Outcome
from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.http import HttpSettings

from .serving import ANYWHERE, OPERATOR, Serving, serving


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        yield served


def ready(served: Serving) -> tuple[int, str]:
    answered = served.anybody.get("/readyz")
    return answered.status_code, answered.json().get("detail", "")


def test_it_is_ready_once_every_source_was_looked_at(fresh: Serving) -> None:
    main = fresh.loops.settings["main"]
    fresh.loops.settings = {"main": main, "loans": SourceSettings("loans", "/srv/loans.git", "main")}
    assert ready(fresh) == (503, "2 of 2 sources were not looked at yet")
    fresh.turns.note("main", Outcome(error="the remote is away"))
    assert ready(fresh) == (503, "1 of 2 sources were not looked at yet")
    fresh.turns.note("loans", Outcome())
    assert ready(fresh) == (200, "")


def test_it_is_not_ready_while_a_loop_is_stuck(fresh: Serving) -> None:
    fresh.turns.note("main", Outcome())
    fresh.loops.hung = ["main"]
    assert ready(fresh) == (503, "the loops of 1 of 1 sources are stuck")
    assert fresh.anybody.get("/healthz").json() == {"status": "ok"}


def test_without_a_source_there_is_nothing_to_wait_for(fresh: Serving) -> None:
    fresh.loops.settings = {}
    assert ready(fresh) == (200, "")


def test_it_is_not_ready_while_it_drains(fresh: Serving) -> None:
    fresh.turns.note("main", Outcome())
    fresh.loops.is_draining = True
    assert ready(fresh) == (503, "the daemon is draining: it starts nothing new")


def test_what_would_begin_something_is_refused_while_it_drains(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE, (OPERATOR,))) as served:
        served.loops.is_draining = True
        answered = served.by(OPERATOR).post("/api/v1/reconcile/main")
    assert (answered.status_code, answered.json()["detail"]) == (503, "the daemon is draining: it starts nothing new")
    assert served.loops.asked == []
