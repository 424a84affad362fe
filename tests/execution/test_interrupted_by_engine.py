"""Steps that their engine interrupts, as one does that is restarted: they begin anew, for it was no fault of theirs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engines.base import Exit, ExitReason, Task
from reconciler.engines.process import ProcessEngine
from reconciler.model.runs import RunStatus

from .place import Place
from .repository import Repository, Witness, choice, job, sweep, writes


class Restarting(ProcessEngine):
    """Says of the first executions of each step that it interrupted them."""

    def __init__(self, interruptions: int) -> None:
        super().__init__(kill_grace_seconds=1.0)
        self._interruptions = interruptions
        self._waited: dict[str, int] = {}

    def wait(self, task: Task, handle: str) -> Exit:
        ended = super().wait(task, handle)
        count = self._waited[task.id] = self._waited.get(task.id, 0) + 1
        if count > self._interruptions:
            return ended
        return Exit(ExitReason.INTERRUPTED, None, "was interrupted by its engine")


@pytest.fixture
def on_engine(open_place: Callable[..., Place]) -> Callable[[int], Place]:
    """A place whose engine interrupts every step so many times."""

    def opened(interruptions: int) -> Place:
        place = open_place()
        place.site = replace(place.site, engine=Restarting(interruptions))
        return place

    return opened


def test_the_step_begins_anew_and_its_run_succeeds(
    on_engine: Callable[[int], Place], repository: Repository, witness: Witness
) -> None:
    place = on_engine(1)
    run = place.go(repository.commit({"train": job(writes("model"), ("out",)), "report": job(depends_on=["train"])}))
    assert run.status is RunStatus.SUCCEEDED
    assert place.statuses(run) == {"train": "succeeded", "report": "succeeded"}
    assert place.output(run, "train") == "model"
    assert witness.times == {"train": 2, "report": 2}


def test_its_log_keeps_what_was_said_and_tells_of_the_interruption(
    on_engine: Callable[[int], Place], repository: Repository
) -> None:
    place = on_engine(1)
    run = place.go(repository.commit({"train": job("echo training")}))
    log = Path(place.steps(run)["train"].log).read_text()
    assert log == "training\n-- the step was interrupted by its engine --\ntraining\n"


def test_it_finds_nothing_of_what_it_wrote_before(on_engine: Callable[[int], Place], repository: Repository) -> None:
    place = on_engine(2)
    command = "test ! -e left-over && touch left-over && echo x >> ${{outputs.out}}"
    run = place.go(repository.commit({"train": job(command, ("out",))}))
    assert run.error == ""
    assert place.output(run, "train") == "x\n"


def test_the_record_holds_the_handle_of_the_execution_that_goes_on(
    on_engine: Callable[[int], Place], repository: Repository, tmp_path: Path
) -> None:
    """A later process follows that one, not the one that was interrupted."""
    place = on_engine(1)
    pids, gate = tmp_path / "pids", tmp_path / "gate"
    tree = repository.commit({"train": job(f"echo $PPID >> {pids}; test $(wc -l < {pids}) = 1 || cat {gate}")})
    os.mkfifo(gate)
    going = place.start(tree)
    with gate.open("w"):  # blocks until the second execution reads
        handle = place.steps(going.run.id)["train"].handle
        assert handle.split(":")[0] == pids.read_text().splitlines()[1]
    assert going.ended().status is RunStatus.SUCCEEDED


def test_a_step_that_is_interrupted_again_and_again_fails_in_the_end(
    on_engine: Callable[[int], Place], repository: Repository, witness: Witness
) -> None:
    place = on_engine(5)
    run = place.go(repository.commit({"train": job()}))
    assert run.status is RunStatus.FAILED
    step = place.steps(run)["train"]
    assert step.failure == "interrupted"
    assert step.error.startswith("was interrupted by its engine")
    assert Path(step.log).read_text().count("-- the step was interrupted by its engine --") == 5
    assert witness.times == {"train": 5}


def test_up_to_then_it_may_still_succeed(
    on_engine: Callable[[int], Place], repository: Repository, witness: Witness
) -> None:
    assert on_engine(4).go(repository.commit({"train": job()})).status is RunStatus.SUCCEEDED
    assert witness.times == {"train": 5}


def test_a_step_that_fails_by_itself_is_not_begun_anew(
    on_engine: Callable[[int], Place], repository: Repository, witness: Witness
) -> None:
    place = on_engine(1)
    run = place.go(repository.commit({"train": job("exit 3")}))
    assert place.steps(run)["train"].failure == "exit-status"
    assert witness.times == {"train": 2}


def test_a_trial_begins_anew_alone(on_engine: Callable[[int], Place], repository: Repository, witness: Witness) -> None:
    command = f"echo $AZUREML_SWEEP_depth >> {witness}; {writes('model', 'model')}"
    run = on_engine(1).go(repository.commit({"train": sweep(command, {"depth": choice(1, 2)})}))
    assert run.status is RunStatus.SUCCEEDED
    assert witness.times == {"1": 2, "2": 2}
