"""Runs that are interrupted, and taken up by the next process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.execution.carry_out import abandon_all
from reconciler.model.runs import RunStatus

from .diary import Diary
from .place import Place, eventually
from .repository import Repository, Witness, choice, job, reads, sweep, writes

OpenPlace = Callable[..., Place]


def slow(gate: Path) -> str:
    """A command that ends only where a file is, and so never while nobody follows it."""
    return f"until test -e {gate}; do sleep 0.02; done"


def test_an_interrupted_run_goes_on_being_a_run_that_is_under_way(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {"quick": job(), "slow": job("sleep 1000", depends_on=["quick"]), "last": job(depends_on=["slow"])}
    going = place.start(repository.commit(jobs))
    eventually(lambda: "slow" in witness.lines)
    going.run.interrupt()
    assert going.ended().status is RunStatus.RUNNING
    assert [run.id for run in place.state.runs.running()] == ["lending-1"]
    assert place.statuses("lending-1") == {"quick": "succeeded", "slow": "running", "last": "pending"}


def test_the_next_process_takes_it_up_and_repeats_nothing_that_finished(
    open_place: OpenPlace, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    jobs = {
        "prepare": job(writes("rows"), ("out",)),
        "slow": job(slow(gate), depends_on=["prepare"]),
        "last": job(
            "cat ${{inputs.rows}} > ${{outputs.out}}", ("out",), inputs={"rows": reads("prepare")}, depends_on=["slow"]
        ),
    }
    tree = repository.commit(jobs)
    first = open_place()
    going = first.start(tree)
    eventually(lambda: "slow" in witness.lines)
    going.run.interrupt()
    going.ended()
    first.leave()
    gate.touch()
    second = open_place()
    run = second.take_up(tree).go()
    assert (run.id, run.status) == ("lending-1", RunStatus.SUCCEEDED)
    assert set(second.statuses(run).values()) == {"succeeded"}
    assert second.output(run, "last") == "rows"
    assert witness.times == {"prepare": 1, "slow": 1, "last": 1}


def test_the_trials_of_an_interrupted_sweep_that_finished_are_not_repeated(
    open_place: OpenPlace, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    gate, diary = tmp_path / "gate", Diary(tmp_path / "diary")
    command = (
        f"echo depth $AZUREML_SWEEP_depth >> {witness}\n"
        f'[ ${{{{inputs.depth}}}} = 1 ] || {slow(gate)}\necho "accuracy 0.${{{{inputs.depth}}}}" >> "$METRICS"\n'
        "printf %s ${{inputs.depth}} > ${{outputs.model}}"
    )
    limits = {"max_total_trials": 3, "max_concurrent_trials": 1}
    tree = repository.commit({"train": sweep(command, {"depth": choice(1, 2, 3)}, limits=limits)})
    first = open_place(tracking=diary)
    going = first.start(tree)
    eventually(lambda: "depth 2" in witness.lines)
    going.run.interrupt()
    going.ended()
    first.leave()
    gate.touch()
    second = open_place(tracking=diary)
    run = second.take_up(tree).go()
    assert run.status is RunStatus.SUCCEEDED
    assert witness.lines == ["depth 1", "depth 2", "depth 3"]
    assert second.output(run, "train", "model") == "3"
    assert second.statuses(run) == dict.fromkeys(("train", "train[0]", "train[1]", "train[2]"), "succeeded")


def test_a_run_taken_up_goes_on_with_the_runs_that_it_has_in_mlflow(
    open_place: OpenPlace, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    gate, diary = tmp_path / "gate", Diary(tmp_path / "diary")
    tree = repository.commit({"quick": job(), "slow": job(slow(gate), depends_on=["quick"])})
    first = open_place(tracking=diary)
    going = first.start(tree)
    eventually(lambda: "slow" in witness.lines)
    going.run.interrupt()
    going.ended()
    first.leave()
    gate.touch()
    open_place(tracking=diary).take_up(tree).go()
    assert [entry.request.name for entry in diary.entries.values()] == ["lending-1", "quick", "slow"]
    assert {entry.status for entry in diary.entries.values()} == {"FINISHED"}


def test_what_a_step_that_is_not_deterministic_wrote_before_stands_whatever_another_run_wrote_since(
    open_place: OpenPlace, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    draw = job("date +%N > ${{outputs.out}}", ("out",), is_deterministic=False)
    last = job("cat ${{inputs.x}} > ${{outputs.out}}", ("out",), inputs={"x": reads("draw")}, depends_on=["slow"])
    repository.write_pipeline({"draw": draw}, "other")
    tree = repository.commit({"draw": draw, "slow": job(slow(gate), depends_on=["draw"]), "last": last})
    first = open_place()
    going = first.start(tree)
    eventually(lambda: "slow" in witness.lines)
    going.run.interrupt()
    going.ended()
    other = first.go(tree, "other")
    first.leave()
    gate.touch()
    second = open_place()
    run = second.take_up(tree).go()
    assert second.output(run, "last") == second.output(run, "draw") != second.output(other, "draw")


def test_a_run_that_nobody_will_take_up_is_cancelled_with_its_steps(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {"quick": job(), "slow": job("sleep 1000", depends_on=["quick"])}
    going = place.start(repository.commit(jobs))
    eventually(lambda: "slow" in witness.lines)
    going.run.interrupt()
    going.ended()
    abandon_all(place.site, "another source")
    assert [run.id for run in place.state.runs.running()] == ["lending-1"]
    abandon_all(place.site, "loans")
    assert place.state.runs.running() == []
    run = place.state.runs.get("lending-1")
    assert run is not None
    assert (run.status, run.error) == (RunStatus.CANCELLED, "its process ended before the run")
    assert place.statuses("lending-1") == {"quick": "succeeded", "slow": "cancelled"}


def test_a_run_that_broke_off_is_failed_with_the_cause(place: Place, repository: Repository, witness: Witness) -> None:
    going = place.start(repository.commit({"slow": job("sleep 1000")}))
    eventually(lambda: "slow" in witness.lines)
    going.run.give_up("ValueError: a fault of ours")
    eventually(going.is_over)
    tree = repository.commit({"slow": job("true")})
    broken = place.new_run(tree)
    broken.give_up("ValueError: a fault of ours")
    run = place.state.runs.get("lending-2")
    assert run is not None
    assert (run.status, run.error) == (RunStatus.FAILED, "broke off: ValueError: a fault of ours")


def test_what_nobody_will_take_up_is_ended_in_mlflow_too(
    open_place: OpenPlace, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    diary = Diary(tmp_path / "diary")
    place = open_place(tracking=diary)
    going = place.start(repository.commit({"quick": job(), "slow": job("sleep 1000", depends_on=["quick"])}))
    eventually(lambda: "slow" in witness.lines)
    going.run.interrupt()
    going.ended()
    abandon_all(place.site, "loans")
    place.close()
    ended = {entry.request.name: entry.status for entry in diary.entries.values()}
    assert ended == {"lending-1": "KILLED", "quick": "FINISHED", "slow": "KILLED"}
