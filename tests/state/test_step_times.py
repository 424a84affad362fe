"""How long steps took."""

from __future__ import annotations

from reconciler.model.runs import StepRun, StepStatus
from reconciler.state.step_times import StepTimes
from reconciler.state.store import State

from .records import run


def _ran(state: State, seconds: float, status: StepStatus = StepStatus.SUCCEEDED, pipeline: str = "train") -> None:
    started = state.runs.start(run(pipeline))
    step = StepRun(started.id, "split", status=status, definition=f"d{seconds:g}", started=1.0, ended=1.0 + seconds)
    trial = StepRun(started.id, "split", trial="0", status=status, started=1.0, ended=99.0)
    unfinished = StepRun(started.id, "later", status=status)
    state.runs.save_steps([(step, 0), (trial, 0), (unfinished, 1)])


def test_executions_that_succeeded_are_told_newest_first_without_trials(state: State) -> None:
    for seconds in (1.0, 2.0):
        _ran(state, seconds)
    _ran(state, 3.0, StepStatus.REUSED)
    _ran(state, 4.0, StepStatus.FAILED)
    _ran(state, 5.0, pipeline="score")
    assert StepTimes(state.database).of("train") == {"split": [("d2", 2.0), ("d1", 1.0)]}


def test_of_many_the_newest_count(state: State) -> None:
    for seconds in range(30):
        _ran(state, float(seconds))
    told = [seconds for _, seconds in StepTimes(state.database).of("train")["split"]]
    assert told == [float(seconds) for seconds in range(29, 9, -1)]
