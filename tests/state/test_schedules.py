"""The record of schedules and of the runs that they started."""

from __future__ import annotations

from dataclasses import replace

from reconciler.state.schedules import FiredRun, ScheduleState
from reconciler.state.store import State

from .records import run

NIGHTLY = ScheduleState("main", "nightly", "t", 10.0)


def test_a_schedule_is_kept_by_source_and_name(state: State) -> None:
    other = replace(NIGHTLY, source="other")
    for each in (NIGHTLY, other, replace(NIGHTLY, seen=20.0, fired=15.0, run_id="greet-1", said="x")):
        state.schedules.save(each)
    assert state.schedules.all("main") == [replace(NIGHTLY, seen=20.0, fired=15.0, run_id="greet-1", said="x")]
    assert state.schedules.all("other") == [other]


def test_one_that_is_forgotten_leaves_the_reasons_of_its_runs(state: State) -> None:
    started = state.runs.start(run())
    state.schedules.save(NIGHTLY)
    state.schedules.save_run(started.id, FiredRun("nightly", 15.0))
    state.schedules.forget("main", "nightly")
    assert state.schedules.all("main") == []
    assert state.schedules.of_run(started.id) == FiredRun("nightly", 15.0)


def test_a_run_that_no_schedule_started_is_of_no_firing(state: State) -> None:
    assert state.schedules.of_run("greet-1") is None


def test_a_pipeline_knows_its_schedules(state: State) -> None:
    weekly = replace(NIGHTLY, name="weekly", pipeline="greet")
    for each in (replace(NIGHTLY, pipeline="greet"), weekly, replace(NIGHTLY, name="other", pipeline="greet-2")):
        state.schedules.save(each)
    assert [each.name for each in state.schedules.of_pipeline("greet")] == ["nightly", "weekly"]
    assert state.schedules.named("weekly") == [weekly]
