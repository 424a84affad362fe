"""What MLflow holds of current runs: deleted runs, versions that are gone, aliases that were moved by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.execution.site import Site
from reconciler.model.errors import TrackingError
from reconciler.model.upkeep import Upkeep
from reconciler.state.outputs import remove
from reconciler.tracking.base import ModelRequest, ModelVersion
from tests.execution.diary import Diary, done

from .following import Following
from .origin import Origin, pipeline
from .site import Clock

TRAIN = """\
type: pipeline
name: lending
jobs:
  train:
    command: echo train >> {diary} && echo weights > ${{{{outputs.model}}}}/weights
    outputs: {{model: {{type: custom_model, name: lending}}}}
    environment: {{image: python}}
  report:
    command: echo report >> {diary} && cat ${{{{inputs.model}}}}/weights
    inputs: {{model: "${{{{parent.jobs.train.outputs.model}}}}"}}
    environment: {{image: python}}
"""


class Mlflow(Diary):
    """Runs that can be deleted, and a registry that can be changed by hand."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.deleted: set[str] = set()
        self.is_away = False
        self._made = 0

    def missing(self, run_ids: Sequence[str]) -> Future[frozenset[str]]:
        if self.is_away:
            failed: Future[frozenset[str]] = Future()
            failed.set_exception(TrackingError("no answer", place="http://mlflow:5000", hint="start it"))
            return failed
        return done(frozenset(run_ids) & self.deleted)

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        same = next((each for each in self.versions if each.tags.get("content") == wanted.digest), None)
        if same is not None:
            return done(same)
        self.models.append(wanted)
        self._made += 1
        version = ModelVersion(wanted.name, str(self._made), (), wanted.run_id, {"content": wanted.digest})
        self.versions = (*self.versions, version)
        return done(version)

    def point(self, alias: str, version: str) -> None:
        """Move an alias by hand, to nowhere with ""."""
        self.versions = tuple(
            replace(each, aliases=(alias,) if each.version == version else tuple(set(each.aliases) - {alias}))
            for each in self.versions
        )

    def at(self, alias: str) -> str:
        return next((each.version for each in self.versions if alias in each.aliases), "")


@pytest.fixture
def mlflow(tmp_path: Path) -> Mlflow:
    return Mlflow(tmp_path / "mlflow")


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


def _followed(site: Site, origin: Origin, mlflow: Mlflow, diary: Path, upkeep: Upkeep) -> Following:
    """Two versions of a model, the second of which is the champion."""
    following = Following(replace(site, tracking=mlflow), origin, upkeep=upkeep)
    for weights in ("first", "weights"):
        origin.push({"lending.yaml": TRAIN.format(diary=diary).replace("echo weights", f"echo {weights}")})
        following.turn()
    assert [run.error for run in following.runs] == ["", ""]
    mlflow.point("champion", "2")
    following.site.state.model_registry.move_alias("lending", "champion", "2")
    diary.write_text("")
    return following


@pytest.fixture
def applied(site: Site, origin: Origin, mlflow: Mlflow, diary: Path) -> Iterator[Following]:
    following = _followed(site, origin, mlflow, diary, Upkeep())
    yield following
    following.follower.stop()


@pytest.fixture
def told(site: Site, origin: Origin, mlflow: Mlflow, diary: Path) -> Iterator[Following]:
    following = _followed(site, origin, mlflow, diary, Upkeep(heals_itself=False))
    yield following
    following.follower.stop()


def _look(following: Following, clock: Clock, turns: int = 4) -> None:
    clock.advance(601)
    following.follower.reconcile("interval")
    for _ in range(turns):
        following.follower.wait_for_drift()
        following.follower.wait()
        following.follower.reconcile("run ended")
        clock.advance(6)


def _reason(following: Following) -> tuple[str, str]:
    return following.reason("pipeline/lending")


def test_where_all_is_as_it_was_nothing_is_said(applied: Following, clock: Clock, mlflow: Mlflow) -> None:
    _look(applied, clock)
    assert _reason(applied) == ("RunSucceeded", "lending-2 is current")
    assert mlflow.at("champion") == "2"


class TestAliases:
    @pytest.mark.parametrize("by_hand", ["1", ""])
    def test_one_that_was_moved_by_hand_is_put_back(
        self, applied: Following, clock: Clock, mlflow: Mlflow, by_hand: str
    ) -> None:
        mlflow.point("champion", by_hand)
        _look(applied, clock)
        assert mlflow.at("champion") == "2"
        assert _reason(applied)[0] == "RunSucceeded"
        assert len(applied.runs) == 2

    def test_it_is_told_while_that_is_done(self, applied: Following, clock: Clock, mlflow: Mlflow) -> None:
        mlflow.point("champion", "1")
        _look(applied, clock, turns=1)
        assert _reason(applied) == ("Drifted", "alias lending@champion is at 1, not at 2")

    def test_or_only_told(self, told: Following, clock: Clock, mlflow: Mlflow) -> None:
        mlflow.point("champion", "1")
        _look(told, clock)
        assert mlflow.at("champion") == "1"
        assert _reason(told) == ("Drifted", "alias lending@champion is at 1, not at 2")

    def test_one_that_no_run_has_left_is_nobodys_affair(self, applied: Following, clock: Clock, mlflow: Mlflow) -> None:
        mlflow.versions = tuple(
            replace(each, aliases=(*each.aliases, "mine")) if each.version == "1" else each for each in mlflow.versions
        )
        _look(applied, clock)
        assert (mlflow.at("mine"), mlflow.at("champion")) == ("1", "2")
        assert _reason(applied)[0] == "RunSucceeded"

    def test_while_something_runs_they_are_left_alone(
        self, applied: Following, origin: Origin, clock: Clock, mlflow: Mlflow, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        origin.push({"other.yaml": pipeline(f"until test -e {gate}; do sleep 0.02; done", name="other")})
        applied.follower.reconcile("push")
        mlflow.point("champion", "1")
        clock.advance(601)
        applied.follower.reconcile("interval")
        applied.follower.wait_for_drift()
        assert mlflow.at("champion") == "1"
        gate.touch()
        applied.follower.wait()
        _look(applied, clock)
        assert mlflow.at("champion") == "2"


class TestVersions:
    def test_one_that_is_gone_is_registered_anew_and_nothing_is_executed(
        self, applied: Following, clock: Clock, mlflow: Mlflow, diary: Path
    ) -> None:
        mlflow.versions = tuple(each for each in mlflow.versions if each.version != "2")
        _look(applied, clock)
        assert [each.version for each in mlflow.versions] == ["1", "3"]
        assert diary.read_text() == ""
        assert applied.runs[-1].reasons == ("model version lending 2 is gone, not in MLflow",)
        assert [model.version for model in applied.site.state.runs.models("lending-3")] == ["3"]
        assert _reason(applied) == ("RunSucceeded", "lending-3 is current")
        _look(applied, clock)
        assert len(applied.runs) == 3

    def test_or_only_told(self, told: Following, clock: Clock, mlflow: Mlflow) -> None:
        mlflow.versions = mlflow.versions[:1]
        _look(told, clock)
        assert _reason(told) == ("Drifted", "model version lending 2 is gone, not in MLflow")
        assert len(told.runs) == 2


class TestRuns:
    def test_one_that_was_deleted_is_told(self, applied: Following, clock: Clock, mlflow: Mlflow) -> None:
        mlflow.deleted = {applied.runs[-1].mlflow_run_id}
        _look(applied, clock)
        assert _reason(applied) == (
            "Drifted",
            "MLflow run lending-2 is gone, not in MLflow (restore it in MLflow; its results are reused all the same)",
        )
        mlflow.deleted = set()
        _look(applied, clock)
        assert _reason(applied)[0] == "RunSucceeded"

    def test_what_is_made_again_then_has_a_root_of_its_own(
        self, applied: Following, clock: Clock, mlflow: Mlflow, diary: Path
    ) -> None:
        root = applied.runs[-1].mlflow_run_id
        mlflow.deleted = {root}
        remove(applied.site.state.outputs.path(applied.site.state.runs.steps("lending-2")[0].outputs["model"]))
        _look(applied, clock)
        assert diary.read_text() == "train\n"
        assert applied.runs[-1].mlflow_run_id not in ("", root)
        assert _reason(applied) == ("RunSucceeded", "lending-3 is current")

    def test_else_it_goes_on_under_the_root_that_it_mends(self, applied: Following, clock: Clock, diary: Path) -> None:
        remove(applied.site.state.outputs.path(applied.site.state.runs.steps("lending-2")[0].outputs["model"]))
        _look(applied, clock)
        assert diary.read_text() == "train\n"
        assert applied.runs[-1].mlflow_run_id == applied.runs[-2].mlflow_run_id

    def test_an_mlflow_that_is_away_is_no_drift(self, applied: Following, clock: Clock, mlflow: Mlflow) -> None:
        mlflow.is_away = True
        _look(applied, clock)
        assert _reason(applied)[0] == "RunSucceeded"
        assert applied.source_reason[0] == "Applied"
        assert applied.source_reason[1].endswith("; MLflow cannot be asked: no answer")
        mlflow.is_away = False
        _look(applied, clock)
        assert "MLflow" not in applied.source_reason[1]
