"""The program is killed in the middle of a run; the next process finds what goes on without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from reconciler.model.runs import RunStatus, StepStatus
from reconciler.source.worktree import Worktree

from .place import Going, Place, eventually
from .repository import Repository, Witness, choice, job, reads, sweep, waits_for

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys, tempfile
from functools import partial
from pathlib import Path
from reconciler.source.worktree import worktree_snapshot
from tests.execution.place import Place
repository, state = map(Path, sys.argv[1:])
tree = worktree_snapshot(repository, Path(tempfile.mkdtemp(dir=state.parent)))
place = Place(state)
(place.take_up(tree) if place.state.runs.running() else place.new_run(tree)).go()
"""


class Program:
    """Another process that carries a run out, killed whenever it is asked to."""

    def __init__(self, repository: Repository, state: Path) -> None:
        self._command = [sys.executable, "-c", _PROGRAM, str(repository.folder), str(state)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT)

    def kill(self) -> None:
        """As `kill -9` does: it cannot say goodbye."""
        if self._process is not None:
            assert self._process.poll() is None, "it ended by itself"
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def program(repository: Repository, tmp_path: Path) -> Iterator[Program]:
    program = Program(repository, tmp_path / "state")
    yield program
    with suppress(AssertionError):
        program.kill()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def chain(repository: Repository, gate: Path) -> Worktree:
    """A step that is quick, one that waits and has output, one that reads it."""
    jobs = {
        "quick": job(),
        "slow": job(
            f"echo begun; {waits_for(gate)}; printf %s model > ${{{{outputs.out}}}}", ("out",), depends_on=["quick"]
        ),
        "last": job("cat ${{inputs.model}} > ${{outputs.out}}", ("out",), inputs={"model": reads("slow")}),
    }
    return repository.commit(jobs)


@pytest.fixture
def reopened(open_place: Callable[..., Place], program: Program) -> Callable[[Callable[[Place], bool]], Place]:
    """Starts the program, kills it as soon as something holds, and opens its state anew."""

    def reopen(holds: Callable[[Place], bool]) -> Place:
        place = open_place()
        program.start()
        eventually(lambda: holds(place))
        program.kill()
        return place

    return reopen


Reopened = Callable[[Callable[[Place], bool]], Place]


def slow_runs(place: Place) -> bool:
    step = place.steps("lending-1").get("slow")
    return step is not None and bool(step.handle)


def pid_of(place: Place) -> int:
    return int(place.steps("lending-1")["slow"].handle.partition(":")[0])


def forget_that_it_runs(place: Place) -> None:
    """So that it can be seen when the record says again that it runs."""
    place.state.runs.save_steps([(replace(place.steps("lending-1")["slow"], status=StepStatus.PENDING), 1)])


def is_over(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_step_that_goes_on_is_followed_to_its_end_and_nothing_is_executed_twice(
    reopened: Reopened, chain: Worktree, gate: Path, witness: Witness
) -> None:
    place = reopened(slow_runs)
    started = place.steps("lending-1")["slow"].started
    going = place.take_up(chain)
    gate.touch()
    run = going.go()
    assert (run.id, run.status) == ("lending-1", RunStatus.SUCCEEDED)
    assert set(place.statuses(run).values()) == {"succeeded"}
    assert place.output(run, "last") == "model"
    assert witness.lines == ["quick", "slow", "last"]
    assert place.steps(run)["slow"].started == started


def test_of_a_step_that_ended_meanwhile_the_outputs_are_taken(
    reopened: Reopened, chain: Worktree, gate: Path, witness: Witness
) -> None:
    place = reopened(slow_runs)
    gate.touch()
    pid = pid_of(place)
    eventually(lambda: is_over(pid))
    run = place.take_up(chain).go()
    assert place.output(run, "last") == "model"
    assert witness.lines == ["quick", "slow", "last"]


def test_a_step_that_was_killed_too_is_started_anew(
    reopened: Reopened, chain: Worktree, gate: Path, witness: Witness
) -> None:
    place = reopened(slow_runs)
    leader = psutil.Process(pid_of(place))
    for process in (leader, *leader.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    gate.touch()
    run = place.take_up(chain).go()
    assert run.status is RunStatus.SUCCEEDED
    assert witness.lines == ["quick", "slow", "slow", "last"]


def test_the_program_may_be_killed_again_and_again(
    reopened: Reopened, program: Program, chain: Worktree, gate: Path, witness: Witness
) -> None:
    place = reopened(slow_runs)
    handle = place.steps("lending-1")["slow"].handle
    for _ in range(2):
        forget_that_it_runs(place)
        program.start()
        eventually(lambda: place.statuses("lending-1")["slow"] == "running")
        program.kill()
    assert place.steps("lending-1")["slow"].handle == handle
    gate.touch()
    assert place.take_up(chain).go().status is RunStatus.SUCCEEDED
    assert witness.lines == ["quick", "slow", "last"]


def test_a_step_that_fails_after_the_program_was_killed_fails_with_its_whole_log(
    reopened: Reopened, repository: Repository, gate: Path, witness: Witness
) -> None:
    jobs = {"slow": job(f"echo begun; {waits_for(gate)}; echo no rows; exit 3"), "last": job(depends_on=["slow"])}
    tree = repository.commit(jobs)
    place = reopened(slow_runs)
    gate.touch()
    run = place.take_up(tree).go()
    assert run.error.startswith("step slow: exited with status 3")
    assert "begun\nno rows" in run.error
    assert place.statuses(run) == {"slow": "failed", "last": "skipped"}
    assert witness.lines == ["slow"]


@pytest.mark.parametrize("is_followed", [True, False], ids=["followed", "not yet followed"])
@pytest.mark.parametrize("is_cancelled", [True, False], ids=["cancelled", "left"])
def test_a_step_that_was_taken_up_can_be_cancelled_or_left_like_any_other(
    reopened: Reopened, chain: Worktree, witness: Witness, is_cancelled: bool, is_followed: bool
) -> None:
    place = reopened(slow_runs)
    pid = pid_of(place)
    run = place.take_up(chain)
    end = partial(run.cancel, "enough") if is_cancelled else run.interrupt
    if is_followed:
        forget_that_it_runs(place)
        going = Going(run)
        eventually(lambda: place.statuses("lending-1")["slow"] == "running")
        end()
        ended = going.ended()
    else:
        end()
        ended = run.go()
    assert ended.status is (RunStatus.CANCELLED if is_cancelled else RunStatus.RUNNING)
    assert is_over(pid) is is_cancelled
    assert bool(place.steps("lending-1")["slow"].handle) is not is_cancelled
    assert witness.lines == ["quick", "slow"]


def test_trials_that_finished_are_kept_and_those_that_go_on_are_followed(
    reopened: Reopened, repository: Repository, gate: Path, witness: Witness
) -> None:
    command = (
        f"echo depth $AZUREML_SWEEP_depth >> {witness}; [ ${{{{inputs.depth}}}} = 1 ] || {waits_for(gate)}\n"
        "printf %s ${{inputs.depth}} > ${{outputs.model}}"
    )
    limits = {"max_total_trials": 3, "max_concurrent_trials": 1}
    tree = repository.commit({"train": sweep(command, {"depth": choice(1, 2, 3)}, limits=limits)})

    def second_runs(place: Place) -> bool:
        trial = place.steps("lending-1").get("train[1]")
        return trial is not None and bool(trial.handle)

    place = reopened(second_runs)
    gate.touch()
    run = place.take_up(tree).go()
    assert run.status is RunStatus.SUCCEEDED
    assert set(place.statuses(run).values()) == {"succeeded"}
    assert witness.lines == ["depth 1", "depth 2", "depth 3"]
