"""Which runs are over but for their record, as the next process finds it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.runs import RunStatus
from reconciler.state.store import State

from .records import run as run_of


def test_the_oldest_run_of_a_source_comes_first(state: State) -> None:
    for pipeline, source, started in (("b", "loans", 20.0), ("a", "loans", 10.0), ("c", "other", 5.0)):
        run = state.runs.start(replace(run_of(pipeline, started=started), source=source))
        state.waiting_records.note(run.id, 30.0)
    assert state.waiting_records.of_source("loans") == ["a-1", "b-1"]
    assert state.waiting_records.since("a-1") == 30.0


def test_since_when_it_waits_is_noted_once(state: State) -> None:
    run = state.runs.start(run_of())
    for moment in (30.0, 40.0):
        state.waiting_records.note(run.id, moment)
    assert state.waiting_records.since(run.id) == 30.0


def test_once_it_is_made_what_is_wrong_with_it_is_said_of_a_run_that_says_nothing_else(state: State) -> None:
    for error in ("", "step train: exited with status 3"):
        run = state.runs.start(run_of())
        state.runs.update(replace(run, status=RunStatus.FAILED, ended=20.0, error=error))
        state.waiting_records.note(run.id, 30.0)
        state.waiting_records.made(run.id, "the run is not recorded whole")
        kept = state.runs.get(run.id)
        assert kept is not None
        assert kept.error == (error or "the run is not recorded whole")
        assert state.waiting_records.since(run.id) is None


def test_of_a_source_that_nobody_follows_no_pipeline_is_told(state: State) -> None:
    run = state.runs.start(run_of())
    state.waiting_records.note(run.id, 30.0)
    assert state.waiting_records.pipelines() == frozenset()
