"""The order in which the steps of a run are executed, and how many at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from reconciler.model.runs import RunStatus

from .place import Place, eventually
from .repository import Repository, Witness, component, job, reads, waits_for, writes


def test_a_run_of_steps_that_succeed_succeeds(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"prepare": job(writes("rows"), ("out",)), "report": job()}))
    assert (run.status, run.error) == (RunStatus.SUCCEEDED, "")
    assert place.statuses(run) == {"prepare": "succeeded", "report": "succeeded"}
    assert place.state.runs.get(run.id) == run
    assert run.ended is not None
    assert run.ended >= run.started


def test_steps_that_need_nothing_of_each_other_run_at_once(
    place: Place, repository: Repository, tmp_path: Path
) -> None:
    """Each waits for the other to have begun; one after the other they would never end."""
    here, there = tmp_path / "here", tmp_path / "there"
    jobs = {
        "first": job(f"touch {here}; {waits_for(there)}", limits={"timeout": 20}),
        "second": job(f"touch {there}; {waits_for(here)}", limits={"timeout": 20}),
    }
    assert place.go(repository.commit(jobs)).status is RunStatus.SUCCEEDED


def test_no_more_steps_run_at_once_than_there_are_slots(
    open_place: Callable[..., Place], repository: Repository, witness: Witness
) -> None:
    place = open_place(parallel=2)
    command = f"echo + >> {witness}; sleep 0.1; echo - >> {witness}"
    tree = repository.commit({f"step_{number}": job(f"{command} # {number}") for number in range(6)})
    assert place.go(tree).status is RunStatus.SUCCEEDED
    assert witness.most_at_once == 2


def test_runs_share_the_slots(open_place: Callable[..., Place], repository: Repository, witness: Witness) -> None:
    place = open_place(parallel=2)
    command = f"echo + >> {witness}; sleep 0.1; echo - >> {witness}"
    repository.write_pipeline({f"other_{number}": job(f"{command} # other {number}") for number in range(3)}, "other")
    tree = repository.commit({f"step_{number}": job(f"{command} # {number}") for number in range(3)})
    runs = [place.start(tree, name) for name in ("lending", "other")]
    assert [run.ended().status for run in runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
    assert witness.most_at_once == 2


def test_a_step_begins_when_those_it_reads_from_have_ended(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {
        "report": job("true", inputs={"model": reads("train")}),
        "train": job(writes("model"), ("out",), inputs={"rows": reads("prepare")}),
        "prepare": job(f"sleep 0.1; {writes('rows')}", ("out",)),
    }
    assert place.go(repository.commit(jobs)).status is RunStatus.SUCCEEDED
    assert witness.lines == ["prepare", "train", "report"]


def test_a_step_begins_when_those_that_it_depends_on_have_ended(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {
        "publish": job(depends_on=["check", "train"]),
        "check": job(f"sleep 0.1; echo checked >> {witness}"),
        "train": job(f"sleep 0.1; echo trained >> {witness}"),
    }
    assert place.go(repository.commit(jobs)).status is RunStatus.SUCCEEDED
    assert sorted(witness.lines[:4]) == ["check", "checked", "train", "trained"]
    assert witness.lines[4:] == ["publish"]


def test_a_slow_step_holds_up_only_those_that_need_it(
    place: Place, repository: Repository, tmp_path: Path, witness: Witness
) -> None:
    gate = tmp_path / "gate"
    jobs = {
        "slow": job(waits_for(gate)),
        "after_slow": job(depends_on=["slow"]),
        "quick": job(),
        "after_quick": job(depends_on=["quick"]),
    }
    going = place.start(repository.commit(jobs))
    eventually(lambda: "after_quick" in witness.lines)
    assert "after_slow" not in witness.lines
    gate.touch()
    assert going.ended().status is RunStatus.SUCCEEDED
    assert witness.lines[-1] == "after_slow"


def test_a_long_chain_of_reused_steps_is_no_deep_recursion(place: Place, repository: Repository) -> None:
    """Were a step begun within the one before, a chain as long as Python's limit of calls could not be run."""
    count = sys.getrecursionlimit()
    repository.write("nothing.yaml", yaml.safe_dump(component("true")))
    same = {"component": "./nothing.yaml"}
    jobs = {f"s{number}": {**same, "depends_on": [f"s{number - 1}"] if number else []} for number in range(count)}
    run = place.go(repository.commit(jobs))
    assert run.status is RunStatus.SUCCEEDED
    assert list(place.statuses(run).values()) == ["succeeded"] + ["reused"] * (count - 1)


def test_while_a_run_is_under_way_its_record_says_what_each_step_does(
    place: Place, repository: Repository, tmp_path: Path, witness: Witness
) -> None:
    gate = tmp_path / "gate"
    jobs = {"quick": job(), "slow": job(waits_for(gate), depends_on=["quick"]), "last": job(depends_on=["slow"])}
    going = place.start(repository.commit(jobs))
    eventually(lambda: place.statuses("lending-1").get("slow") == "running")
    assert place.statuses("lending-1") == {"quick": "succeeded", "slow": "running", "last": "pending"}
    assert place.steps("lending-1")["slow"].handle
    gate.touch()
    run = going.ended()
    assert set(place.statuses(run).values()) == {"succeeded"}
    assert not any(step.handle for step in place.steps(run).values())


def test_the_steps_of_a_run_are_listed_in_the_order_of_the_graph(place: Place, repository: Repository) -> None:
    jobs = {"z": job(), "a": job(depends_on=["z"]), "m": job(depends_on=["a"])}
    run = place.go(repository.commit(jobs))
    assert list(place.steps(run)) == ["z", "a", "m"]


def test_runs_of_a_pipeline_are_numbered(place: Place, repository: Repository) -> None:
    tree = repository.commit({"step": job()})
    assert [place.go(tree).id for _ in range(3)] == ["lending-1", "lending-2", "lending-3"]
