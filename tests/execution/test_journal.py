"""What is noted of steps, and when it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.execution.journal import Journal
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

TRAIN = StepRun("lending-1", "train", definition="d", fingerprint="f")
RESULT = Result("f", "d", {"out": "digest"}, "lending-1", "train")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(StateFolder(tmp_path / "state"))
    state.runs.start(Run("", "lending", "loans", "main@sha1:1", "c", RunStatus.RUNNING, "test", 1.0))
    yield state
    state.close()


@pytest.fixture
def journal(state: State) -> Journal:
    return Journal(state, {"prepare": 0, "train": 1}, [])


def test_what_is_noted_is_known_at_once_and_written_by_flush(state: State, journal: Journal) -> None:
    journal.note(TRAIN)
    assert journal.get("train") == TRAIN
    assert state.runs.steps("lending-1") == []
    journal.flush()
    assert state.runs.steps("lending-1") == [TRAIN]


def test_the_last_of_several_changes_is_written(state: State, journal: Journal) -> None:
    journal.note(TRAIN)
    journal.change("train", status=StepStatus.RUNNING, handle="1:2")
    changed = journal.change("train", status=StepStatus.SUCCEEDED, handle="")
    journal.flush()
    assert changed.status is StepStatus.SUCCEEDED
    assert state.runs.steps("lending-1") == [changed]


def test_steps_and_trials_are_kept_apart_and_in_order(state: State, journal: Journal) -> None:
    trials = [StepRun("lending-1", "train", str(number), kind="trial") for number in (10, 9)]
    for step in (*trials, TRAIN, StepRun("lending-1", "prepare")):
        journal.note(step)
    journal.change("train", "9", status=StepStatus.FAILED)
    journal.flush()
    kept = [(step.name, step.trial, str(step.status)) for step in state.runs.steps("lending-1")]
    assert kept == [
        ("prepare", "", "pending"),
        ("train", "", "pending"),
        ("train", "9", "failed"),
        ("train", "10", "pending"),
    ]


def test_what_an_earlier_process_wrote_is_known(state: State, journal: Journal) -> None:
    journal.note(TRAIN)
    journal.flush()
    assert Journal(state, {"train": 0}, state.runs.steps("lending-1")).all() == [TRAIN]


def test_the_end_of_a_step_is_written_with_its_result(state: State, journal: Journal) -> None:
    journal.note(TRAIN)
    ended = journal.change("train", status=StepStatus.SUCCEEDED)
    journal.keep_result(ended, RESULT, 1.0)
    assert state.runs.steps("lending-1") == [ended]
    assert state.results.get("f") == RESULT


def test_a_result_that_cannot_be_written_leaves_the_step_as_it_was(state: State, journal: Journal) -> None:
    journal.note(TRAIN)
    journal.flush()
    state.database.execute("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(Exception, match="disk full"):
        journal.keep_result(journal.change("train", status=StepStatus.SUCCEEDED), RESULT, 1.0)
    assert state.runs.steps("lending-1") == [TRAIN]
    assert state.results.get("f") is None


def test_what_could_not_be_written_is_written_the_next_time(state: State, journal: Journal) -> None:
    state.database.execute("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    journal.note(TRAIN)
    with pytest.raises(Exception, match="disk full"):
        journal.flush()
    state.database.execute("DROP TRIGGER full")
    journal.flush()
    assert state.runs.steps("lending-1") == [TRAIN]
