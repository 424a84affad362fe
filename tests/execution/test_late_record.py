"""MLflow is away when a run ends: the pipeline is free at once, and the record follows, once and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.execution.carry_out import abandon, restore
from reconciler.execution.late_record import tell_end
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.model.errors import TrackingAwayError
from reconciler.model.runs import Run, RunStatus
from reconciler.source.worktree import Worktree
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.usage import Usage

from .mlflow_away import AwayShelf
from .place import ORIGIN, Going, Place, eventually, order
from .repository import Repository, Witness, job
from .test_promotion import commit

OpenPlace = Callable[..., Place]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[AwayShelf]:
    shelf = AwayShelf(tmp_path / "diary")
    yield shelf
    shelf.is_away = False


@pytest.fixture
def place(open_place: OpenPlace, shelf: AwayShelf) -> Place:
    return open_place(tracking=shelf)


@pytest.fixture
def away(shelf: AwayShelf) -> AwayShelf:
    shelf.is_away = True
    return shelf


def is_recorded(place: Place) -> bool:
    return place.state.waiting_records.of_source("loans") == []


def record_late(place: Place, tree: Worktree, run: Run) -> None:
    """Have a run recorded that an earlier process ended."""
    plan, actual = place.plan(tree, run.pipeline, is_forced=True)
    PipelineRun(place.site, run, plan, actual, tree.objects, ORIGIN).record_late()


class TestInTheSameProcess:
    """What the recorder holds is told once the server is back."""

    def test_the_run_is_over_and_its_record_waits(self, place: Place, repository: Repository, away: AwayShelf) -> None:
        run = place.go(commit(repository, 0.5))
        assert (run.status, run.error) == (RunStatus.SUCCEEDED, "")
        assert place.state.runs.running() == []
        assert place.state.waiting_records.of_source("loans") == [run.id]
        since = place.state.waiting_records.since(run.id)
        assert since is not None and since <= place.site.clock()
        assert away.versions == ()

    def test_runs_are_judged_in_order_and_named_as_in_mlflow(
        self, place: Place, repository: Repository, away: AwayShelf
    ) -> None:
        runs = [place.go(commit(repository, accuracy)) for accuracy in (0.5, 0.7, 0.6)]
        away.is_away = False
        eventually(lambda: is_recorded(place))
        judged = [place.state.model_registry.judgements(run.id)[0] for run in runs]
        assert [(each.version, each.is_promoted) for each in judged] == [("1", True), ("2", True), ("3", False)]
        assert away.holder() == "2"
        assert place.state.model_registry.aliases("credit") == {"champion": "2"}
        assert {entry.status for entry in away.entries.values()} == {"FINISHED"}
        assert len(away.entries) == 6
        for run in runs:
            kept = place.state.runs.get(run.id)
            assert kept is not None and kept.mlflow_run_id in away.entries
            assert place.steps(run)["train"].mlflow_run_id in away.entries

    def test_somebody_is_told_once_it_is_recorded(self, place: Place, repository: Repository, away: AwayShelf) -> None:
        place.go(commit(repository, 0.5))
        told = list[bool]()
        place.site.recorder.notify(lambda: told.append(is_recorded(place)))
        away.is_away = False
        eventually(lambda: True in told)

    def test_what_it_gave_is_reused_meanwhile_and_shown_later(
        self, place: Place, repository: Repository, away: AwayShelf, witness: Witness
    ) -> None:
        tree = repository.commit({"quick": job()})
        first, second = place.go(tree), place.go(tree)
        away.is_away = False
        eventually(lambda: is_recorded(place))
        assert place.statuses(second) == {"quick": "reused"}
        assert witness.lines == ["quick"]
        shown = place.steps(second)["quick"].mlflow_run_id
        assert away.entries[shown].source == place.steps(first)["quick"].mlflow_run_id

    def test_what_is_restored_waits_until_all_is_judged(
        self, place: Place, repository: Repository, shelf: AwayShelf
    ) -> None:
        place.go(commit(repository, 0.5))
        shelf.is_away = True
        second = place.go(commit(repository, 0.7))
        tree = commit(repository, 0.5)
        plan = place.plan(tree)[0]
        with pytest.raises(TrackingAwayError, match=f"the record of {second.id} waits"):
            restore(place.site, plan, order(tree))
        shelf.is_away = False
        eventually(lambda: is_recorded(place))
        assert restore(place.site, plan, order(tree)).status is RunStatus.RESTORED
        assert shelf.holder() == "1"

    def test_a_work_tree_is_waited_for_as_nobody_could_take_it_up(
        self, place: Place, repository: Repository, away: AwayShelf
    ) -> None:
        tree = commit(repository, 0.5)
        run = place.new_run(tree)
        place.state.database.execute("UPDATE runs SET source = ? WHERE id = ?", (LOCAL_SOURCE, run.id))
        kept = place.state.runs.get(run.id)
        assert kept is not None
        plan, actual = place.plan(tree, is_forced=True)
        going = Going(PipelineRun(place.site, kept, plan, actual, tree.objects, ORIGIN))
        eventually(lambda: place.statuses(run.id) == {"train": "succeeded"} and place.site.recorder.backlog is not None)
        assert not going.is_over()
        away.is_away = False
        assert going.ended().status is RunStatus.SUCCEEDED
        assert away.holder() == "1"


class TestAfterAnotherProcess:
    """The note that the record waits is all that a process needs."""

    @pytest.fixture
    def left(self, place: Place, repository: Repository, away: AwayShelf) -> tuple[Worktree, Run]:
        """A run that ended, whose process did."""
        tree = commit(repository, 0.5)
        run = place.go(tree)
        place.leave()
        assert away.versions == ()
        return tree, run

    def test_all_of_it_is_recorded_once(
        self, open_place: OpenPlace, away: AwayShelf, left: tuple[Worktree, Run], witness: Witness
    ) -> None:
        tree, run = left
        again = open_place(tracking=away)
        record_late(again, tree, run)
        away.is_away = False
        eventually(lambda: is_recorded(again))
        assert sorted(entry.request.name for entry in away.entries.values()) == ["lending-1", "train"]
        assert {entry.status for entry in away.entries.values()} == {"FINISHED"}
        assert away.named("train")[0].metrics == {"accuracy": 0.5}
        assert (away.holder(), away.semvers()) == ("1", ["1.0.0"])
        assert again.steps(run)["train"].mlflow_run_id == away.named("train")[0].id
        assert witness.lines == ["train"]

    def test_a_newer_run_is_judged_after_it(
        self, open_place: OpenPlace, repository: Repository, away: AwayShelf, left: tuple[Worktree, Run]
    ) -> None:
        tree, run = left
        again = open_place(tracking=away)
        record_late(again, tree, run)
        second = again.go(commit(repository, 0.4))
        away.is_away = False
        eventually(lambda: is_recorded(again))
        (judged,) = again.state.model_registry.judgements(second.id)
        assert (judged.champion, judged.is_promoted) == ("1", False)
        assert away.holder() == "1"

    def test_one_that_failed_is_told_and_nothing_of_it_is_executed_again(
        self, open_place: OpenPlace, repository: Repository, away: AwayShelf, witness: Witness
    ) -> None:
        first = open_place(tracking=away)
        tree = repository.commit({"bad": job("exit 3"), "last": job(depends_on=["bad"])})
        run = first.go(tree)
        assert run.status is RunStatus.FAILED
        first.leave()
        again = open_place(tracking=away)
        record_late(again, tree, run)
        away.is_away = False
        eventually(lambda: is_recorded(again))
        assert {entry.request.name: entry.status for entry in away.entries.values()} == {
            "lending-1": "FAILED",
            "bad": "FAILED",
        }
        assert witness.lines == ["bad"]

    def test_one_whose_revision_is_gone_is_over_in_mlflow_and_says_that_this_is_all(
        self, open_place: OpenPlace, away: AwayShelf, left: tuple[Worktree, Run]
    ) -> None:
        _, run = left
        again = open_place(tracking=away)
        tell_end(again.site, run, "the run is not recorded whole: its revision is gone")
        away.is_away = False
        eventually(lambda: is_recorded(again))
        assert {entry.status for entry in away.entries.values()} == {"FINISHED"}
        kept = again.state.runs.get(run.id)
        assert kept is not None
        assert (kept.status, kept.error) == (
            RunStatus.SUCCEEDED,
            "the run is not recorded whole: its revision is gone",
        )

    @pytest.mark.parametrize("is_abandoned", [True, False], ids=["abandoned", "given up"])
    def test_one_that_never_came_to_its_end_is_ended_in_mlflow_too(
        self, open_place: OpenPlace, repository: Repository, shelf: AwayShelf, witness: Witness, is_abandoned: bool
    ) -> None:
        first = open_place(tracking=shelf)
        going = first.start(repository.commit({"slow": job("sleep 1000")}))
        eventually(lambda: "slow" in witness.lines)
        shelf.is_away = True
        if is_abandoned:
            going.run.interrupt()
            going.ended()
            (left,) = first.state.runs.running()
            abandon(first.site, left, RunStatus.CANCELLED, "nobody takes it up")
        else:
            going.run.give_up("ValueError: a fault of ours")
            eventually(going.is_over)
        assert not is_recorded(first)
        first.leave()
        again = open_place(tracking=shelf)
        run = again.state.runs.get("lending-1")
        assert run is not None
        tell_end(again.site, run)
        shelf.is_away = False
        eventually(lambda: is_recorded(again))
        assert "RUNNING" not in {entry.status for entry in shelf.entries.values()}


def test_a_run_whose_record_waits_is_kept_with_all_that_it_left(
    place: Place, repository: Repository, away: AwayShelf
) -> None:
    run = place.go(commit(repository, 0.5))
    usage = Usage(place.state.database)
    assert run.id in usage.referred_runs()
    assert usage.important_runs()[1] == [run.id]
    away.is_away = False
    eventually(lambda: is_recorded(place))
    assert usage.important_runs()[1] == []
