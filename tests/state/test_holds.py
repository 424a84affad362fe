"""What is held still, pinned or asked for, as the state keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.asked_runs import AskedRun
from reconciler.model.pins import Pin
from reconciler.state.schedules import ScheduleState
from reconciler.state.store import State

from .records import run

NOON, TOLD = 1767268800.0, "2026-01-01T12:00:00Z"
PIN = Pin("main", "pipeline", "lending", "main@sha1:1a2b3c4d5e6f", "1a2b3c4d5e6f", "ada@lab", "", "worse", "lending-1")


class TestSuspensions:
    def test_one_is_told_with_who_since_when_and_why(self, state: State) -> None:
        made = state.suspensions.suspend("main", "pipeline", "lending", "ada@lab", "audit", NOON)
        assert made.told == f"suspended by ada@lab since {TOLD}: audit"
        assert state.suspensions.all() == state.suspensions.of("main") == [made]
        assert state.suspensions.of("other") == []

    def test_suspended_again_the_newer_reason_counts(self, state: State) -> None:
        state.suspensions.suspend("main", "pipeline", "lending", "ada@lab", "audit", NOON)
        state.suspensions.suspend("main", "pipeline", "lending", "bob@lab", "", NOON + 60)
        assert [each.told for each in state.suspensions.all()] == ["suspended by bob@lab since 2026-01-01T12:01:00Z"]

    @pytest.mark.parametrize(("kind", "name"), [("schedule", "nightly"), ("source", "main")])
    def test_resumed_schedules_count_from_then_on(self, state: State, kind: str, name: str) -> None:
        nightly = ScheduleState("main", "nightly", "t", NOON)
        ahead = replace(nightly, name="weekly", seen=NOON + 900)
        for each in (nightly, ahead, replace(nightly, source="other")):
            state.schedules.save(each)
        state.suspensions.suspend("main", kind, name, "ada@lab", "", NOON)
        state.suspensions.resume("main", kind, name, NOON + 600)
        assert state.suspensions.all() == []
        assert [(each.name, each.seen - NOON) for each in state.schedules.all("main")] == [
            ("nightly", 600),
            ("weekly", 900),
        ]
        assert state.schedules.all("other")[0].seen == NOON

    def test_a_resumed_pipeline_leaves_schedules_as_they_are(self, state: State) -> None:
        state.schedules.save(ScheduleState("main", "nightly", "t", NOON, pipeline="lending"))
        state.suspensions.suspend("main", "pipeline", "lending", "ada@lab", "", NOON)
        state.suspensions.resume("main", "pipeline", "lending", NOON + 600)
        assert state.schedules.all("main")[0].seen == NOON


class TestPins:
    def test_one_is_told_with_who_since_when_and_why(self, state: State) -> None:
        made = state.pins.pin(PIN, NOON)
        assert made == replace(PIN, since=TOLD)
        assert made.told == f"pinned to main@sha1:1a2b3c4d5e by ada@lab since {TOLD}: worse"
        assert state.pins.all() == state.pins.of("main") == [made]
        assert state.pins.of("other") == []

    def test_there_is_one_for_each_thing(self, state: State) -> None:
        state.pins.pin(PIN, NOON)
        newer = state.pins.pin(replace(PIN, commit="ff", run=""), NOON)
        source = state.pins.pin(replace(PIN, kind="source", name="main"), NOON)
        assert state.pins.of("main") == [newer, source]
        state.pins.unpin(newer)
        assert state.pins.of("main") == [source]


class TestAskedRuns:
    def test_what_a_run_was_asked_for_as_is_kept_with_the_order_of_its_inputs(self, state: State) -> None:
        started = state.runs.start(run())
        asked = AskedRun("lending", "ada@lab", (("seed", "7"), ("day", "first")), request="17-ab")
        state.asked_runs.save(started.id, asked)
        assert state.asked_runs.of_run(started.id) == asked
        assert state.asked_runs.of_run("lending-99") is None

    def test_a_request_is_known_by_the_run_that_it_started(self, state: State) -> None:
        started = state.runs.start(run())
        state.asked_runs.save(started.id, AskedRun("lending", "ada@lab", request="17-ab"))
        assert state.asked_runs.started_by("17-ab") == started.id
        assert state.asked_runs.started_by("18-ab") == ""
        assert state.asked_runs.started_by("") == ""
