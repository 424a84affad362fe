"""Figures of what ended within a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.state.figures import Figures
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(StateFolder(tmp_path / "state"))
    yield state
    state.close()


def ran(state: State, pipeline: str, ended: float | None, status: RunStatus = RunStatus.SUCCEEDED) -> str:
    run = state.runs.start(Run("", pipeline, "main", "main@sha1:1", "c", status, "push", 0.0, ended))
    return run.id


def test_runs_are_counted_by_how_they_ended(state: State) -> None:
    for ended in (10.0, 20.0, 30.0):
        ran(state, "greet", ended)
    ran(state, "greet", 20.0, RunStatus.FAILED)
    ran(state, "other", 20.0)
    ran(state, "other", None, RunStatus.RUNNING)
    counted = Figures(state.database).ended_runs(10.0, 20.0)
    assert sorted(counted) == [("greet", "failed", 1), ("greet", "succeeded", 1), ("other", "succeeded", 1)]


def test_steps_are_told_with_what_they_took_and_without_their_trials(state: State) -> None:
    run = ran(state, "greet", None, RunStatus.RUNNING)
    steps = [
        StepRun(run, "good", status=StepStatus.SUCCEEDED, started=10.0, ended=15.0),
        StepRun(run, "good", trial="0", status=StepStatus.SUCCEEDED, started=10.0, ended=14.0),
        StepRun(run, "bad", status=StepStatus.FAILED, started=10.0, ended=12.0),
        StepRun(run, "earlier", status=StepStatus.SUCCEEDED, started=1.0, ended=2.0),
        StepRun(run, "skipped", status=StepStatus.SKIPPED, ended=15.0),
        StepRun(run, "running", status=StepStatus.RUNNING, started=15.0),
    ]
    state.runs.save_steps((step, number) for number, step in enumerate(steps))
    assert sorted(Figures(state.database).executed_steps(2.0, 20.0)) == [2.0, 5.0]


def test_a_reused_step_is_told_with_what_it_would_have_taken(state: State) -> None:
    run = ran(state, "greet", 16.0)
    state.results.save(Result("f", "d", {}, "greet-0", "good", seconds=70.0), 1.0)
    reused = StepRun(run, "good", status=StepStatus.REUSED, fingerprint="f", started=15.0, ended=15.0)
    state.runs.save_steps([(reused, 0)])
    figures = Figures(state.database)
    assert figures.reused_steps(2.0, 20.0) == [70.0]
    assert figures.reused_steps(15.0, 20.0) == []
    assert figures.executed_steps(2.0, 20.0) == []
