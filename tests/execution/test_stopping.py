"""When a step fails or the run is cancelled: what still runs, what is ended, what is never begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus

from .diary import Diary
from .place import Place, eventually
from .repository import Repository, Witness, choice, job, sweep, waits_for

GOES_ON = {"continue_on_step_failure": True}


def test_a_failure_ends_the_steps_that_run_and_begins_no_other(
    place: Place, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    jobs = {
        "slow": job(f"touch {begun}; sleep 1000"),
        "after_slow": job(depends_on=["slow"]),
        "fails": job(f"{waits_for(begun)}; exit 1"),
    }
    run = place.go(repository.commit(jobs))
    assert run.status is RunStatus.FAILED
    assert run.error.startswith("step fails: exited with status 1")
    assert place.statuses(run) == {"slow": "cancelled", "after_slow": "skipped", "fails": "failed"}
    assert place.steps(run)["slow"].reasons == ("fails failed",)
    assert place.steps(run)["after_slow"].reasons == ("fails failed",)
    assert sorted(witness.lines) == ["fails", "slow"]


def test_a_failure_keeps_steps_from_beginning_that_only_wait_for_a_slot(
    open_place: Callable[..., Place], repository: Repository, witness: Witness
) -> None:
    place = open_place(parallel=1)
    jobs = {"fails": job("exit 1"), "second": job("sleep 0.1"), "third": job("sleep 0.1 # another")}
    run = place.go(repository.commit(jobs))
    assert run.status is RunStatus.FAILED
    assert "succeeded" not in place.statuses(run).values()
    assert "third" not in witness.lines


def test_where_the_pipeline_says_so_a_failure_leaves_the_others_running(
    place: Place, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    failed = tmp_path / "failed"
    jobs = {
        "slow": job(waits_for(failed)),
        "after_slow": job(depends_on=["slow"]),
        "fails": job("exit 1"),
        "after_fails": job(depends_on=["fails"]),
        "after_both": job(depends_on=["slow", "fails"]),
    }
    going = place.start(repository.commit(jobs, settings=GOES_ON))
    eventually(lambda: place.statuses("lending-1").get("after_fails") == "skipped")
    failed.touch()
    run = going.ended()
    assert run.status is RunStatus.FAILED
    assert place.statuses(run) == {
        "slow": "succeeded",
        "after_slow": "succeeded",
        "fails": "failed",
        "after_fails": "skipped",
        "after_both": "skipped",
    }
    assert "after_slow" in witness.lines


def test_a_cancelled_run_ends_what_runs_and_keeps_what_has_finished(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {"quick": job(), "slow": job("sleep 1000", depends_on=["quick"]), "last": job(depends_on=["slow"])}
    tree = repository.commit(jobs)
    going = place.start(tree)
    eventually(lambda: "slow" in witness.lines)
    going.run.cancel("asked for by Ada")
    run = going.ended()
    assert (run.status, run.error) == (RunStatus.CANCELLED, "asked for by Ada")
    assert place.statuses(run) == {"quick": "succeeded", "slow": "cancelled", "last": "skipped"}
    assert place.steps(run)["slow"].reasons == ("asked for by Ada",)
    assert place.plan(tree, is_forced=True)[0].steps[0].action == "reuse"


def test_a_cancelled_sweep_ends_its_trials_and_begins_no_more(
    open_place: Callable[..., Place], repository: Repository, witness: Witness
) -> None:
    place = open_place(parallel=2)
    command = f"echo trial >> {witness}; sleep 1000"
    going = place.start(repository.commit({"train": sweep(command, {"depth": choice(1, 2, 3)})}))
    eventually(lambda: len(witness.lines) == 2)
    going.run.cancel("enough")
    run = going.ended()
    assert run.status is RunStatus.CANCELLED
    assert place.statuses(run)["train"] == "cancelled"
    assert sorted(set(place.statuses(run).values())) in (["cancelled"], ["cancelled", "skipped"])
    assert witness.lines == ["trial", "trial"]


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_every_run_begun_in_mlflow_is_ended_there(
    open_place: Callable[..., Place], repository: Repository, tmp_path: Path, witness: Witness, how: str
) -> None:
    """Those of steps that waited for a slot and never began, too."""
    diary = Diary(tmp_path / "diary")
    place = open_place(parallel=2, tracking=diary)
    gate = tmp_path / "gate"
    jobs = {
        "first": job(f"{waits_for(gate)}; exit 1"),
        "slow": job("sleep 1000"),
        "waiting": job("sleep 1000 # another"),
        "swept": sweep("sleep 1000", {"depth": choice(1, 2)}),
    }
    going = place.start(repository.commit(jobs))
    eventually(lambda: {"first", "slow"} <= set(witness.lines))
    if how == "fails":
        gate.touch()
    else:
        going.run.cancel("enough")
    run = going.ended()
    assert run.status in (RunStatus.FAILED, RunStatus.CANCELLED)
    assert {entry.request.name for entry in diary.entries.values()} >= {"first", "slow", "waiting", "swept"}
    open_ = [entry.request.name for entry in diary.entries.values() if entry.status == "RUNNING"]
    assert open_ == []
