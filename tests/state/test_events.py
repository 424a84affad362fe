"""Events: written with what they tell, counted where they repeat, and never too many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.runs import SUPERSEDED, RunStatus
from reconciler.model.status import Condition, Resource, ready, reconciling, stalled
from reconciler.state.environments import BUILDING, FAILED, GONE, READY, EnvironmentState
from reconciler.state.events import Events
from reconciler.state.folder import StateFolder
from reconciler.state.sources import SourceState
from reconciler.state.store import State

from .records import run

ORIGIN = SourceState("origin", "https://example.org/a.git", "main")


def event(message: str = "it did", name: str = "train", revision: str = "") -> Event:
    return Event("origin", "pipeline", name, EventType.NORMAL, "Happened", message, revision)


def resource(
    conditions: tuple[Condition, ...], kind: Kind = Kind.COMPONENT, version: str | None = "1.0.0", name: str = "split"
) -> Resource:
    return Resource(kind, name, version, "origin", "main@sha1:1", conditions)


def told(state: State) -> list[tuple[str, str, str, str]]:
    return [(each.type, f"{each.kind}/{each.name}", each.reason, each.message) for each in state.events.recent()]


class TestTheRecord:
    def test_the_same_again_is_counted_and_is_the_newest(self, state: State) -> None:
        state.events.record([event("a", revision="r1")], 1.0)
        state.events.record([event("b")], 2.0)
        state.events.record([event("a", revision="r2")], 3.0)
        first, second = state.events.recent()
        assert (first.message, first.count) == ("b", 1)
        assert (second.message, second.count, second.first, second.last, second.revision) == ("a", 2, 1.0, 3.0, "r2")
        assert second.id < first.id

    def test_a_restart_goes_on_counting(self, state: State, folder: StateFolder) -> None:
        state.events.record([event()], 1.0)
        again = State(folder)
        again.events.record([event()], 2.0)
        assert [(each.count, each.last) for each in again.events.recent()] == [(2, 2.0)]
        again.close()

    def test_what_was_written_after_a_change_is_told_repeats_included(self, state: State) -> None:
        state.events.record([event("a"), event("b")], 1.0)
        seen = state.events.newest()
        assert state.events.after(seen) == []
        state.events.record([event("a")], 2.0)
        state.events.record([event("c", name="other")], 2.0)
        assert [each.message for each in state.events.after(seen)] == ["a", "c"]
        assert [each.message for each in state.events.after(seen, "pipeline", "train")] == ["a"]

    def test_the_order_is_that_of_writing_though_the_clock_is_put_back(self, state: State) -> None:
        for moment, message in ((100.0, "a"), (50.0, "b"), (60.0, "c")):
            state.events.record([event(message)], moment)
        assert [each.message for each in state.events.recent()] == ["a", "b", "c"]

    def test_some_are_chosen(self, state: State) -> None:
        for moment in range(6):
            state.events.record([event(str(moment), name="train" if moment % 2 else "other")], float(moment))
        assert [each.message for each in state.events.recent("pipeline", "train", since=2.0)] == ["3", "5"]
        assert [each.message for each in state.events.recent(limit=2)] == ["4", "5"]
        assert state.events.recent("component") == []
        assert state.events.recent(source="elsewhere") == []

    def test_the_oldest_are_dropped(self, state: State) -> None:
        events = Events(state.database, kept=100)
        for number in range(2_000):
            events.record([event(str(number))], float(number))
        kept = events.recent()
        assert kept[-1].message == "1999"
        assert 100 <= len(kept) <= 600

    def test_what_is_not_kept_did_not_happen(self, state: State) -> None:
        with pytest.raises(ZeroDivisionError), state.database.transaction():
            state.runs.start(run())
            raise ZeroDivisionError
        assert state.events.recent() == []


class TestConditions:
    def test_a_resource_that_says_the_same_as_before_gives_no_event(self, state: State) -> None:
        for now in (1.0, 2.0):
            state.sources.save_resources("origin", [resource(ready("Applied", "as in Git"))], now)
        assert told(state) == [("Normal", "component/split", "Applied", "version 1.0.0 is applied")]
        assert [each.count for each in state.events.recent()] == [1]

    def test_what_is_said_differently_is_told(self, state: State) -> None:
        for now, conditions in enumerate(
            (ready("Applied", "as in Git"), stalled("VersionMutated", "other content"), ready("Applied", "as in Git"))
        ):
            state.sources.save_resources("origin", [resource(conditions)], float(now))
        assert told(state)[1:] == [
            ("Warning", "component/split", "VersionMutated", "other content"),
            ("Normal", "component/split", "Applied", "as in Git"),
        ]

    def test_another_version_is_told(self, state: State) -> None:
        for version in ("1.0.0", "1.1.0", None):
            state.sources.save_resources("origin", [resource(ready("Applied", ""), version=version)], 1.0)
        assert [message for _, _, _, message in told(state)] == [
            "version 1.0.0 is applied",
            "version 1.1.0 is applied",
            "is applied",
        ]

    def test_being_held_still_is_told(self, state: State) -> None:
        kept = resource(ready("Applied", ""))
        for is_suspended in (False, True, False):
            state.sources.save_resources("origin", [replace(kept, is_suspended=is_suspended)], 1.0)
        assert [reason for _, _, reason, _ in told(state)] == ["Applied", "Suspended", "Resumed"]

    def test_what_a_run_or_a_build_tells_itself_is_told_once(self, state: State) -> None:
        pipeline = resource(reconciling("Running", "train-1 is running"), Kind.PIPELINE, name="train")
        tools = resource(reconciling("Building", "log: /a"), Kind.ENVIRONMENT, name="tools")
        state.sources.save_resources("origin", [pipeline, tools], 1.0)
        retrying = reconciling("Retrying", "train-1: no (attempt 2 follows)")
        state.sources.save_resources("origin", [replace(pipeline, conditions=retrying)], 2.0)
        assert [(kind, reason) for kind, _, reason, _ in told(state)] == [
            ("Normal", "Applied"),
            ("Normal", "Applied"),
            ("Warning", "Retrying"),
        ]

    def test_when_a_schedule_fires_next_is_no_event(self, state: State) -> None:
        nightly = resource(ready("Scheduled", "next at 1"), Kind.SCHEDULE, name="nightly")
        state.sources.save_resources("origin", [nightly], 1.0)
        state.sources.save_resources("origin", [replace(nightly, conditions=ready("Scheduled", "next at 2"))], 2.0)
        state.sources.save_resources("origin", [replace(nightly, conditions=ready("Ended", "no more"))], 3.0)
        assert [reason for _, _, reason, _ in told(state)] == ["Applied", "Scheduled", "Ended"]

    def test_what_is_gone_from_a_source_is_told(self, state: State) -> None:
        state.sources.save_resources("origin", [resource(ready("Applied", ""))], 1.0)
        state.sources.remove_resources("origin", [(Kind.COMPONENT, "split"), (Kind.DATA, "never")], "main@sha1:2", 2.0)
        assert told(state)[1:] == [("Normal", "component/split", "Pruned", "is gone from its source")]
        assert state.events.recent()[-1].revision == "main@sha1:2"


class TestSources:
    def test_a_source_tells_of_each_revision_and_of_each_other_statement(self, state: State) -> None:
        one, two = replace(ORIGIN, attempted_revision="m@1"), replace(ORIGIN, attempted_revision="m@2")
        for now, source in enumerate(
            (
                replace(one, conditions=ready("Applied", "applied m@1")),
                replace(one, conditions=ready("Applied", "applied m@1")),
                replace(one, conditions=reconciling("SourceUnavailable", "no answer")),
                replace(one, conditions=stalled("InvalidManifests", "a.yaml:1:1")),
                replace(two, conditions=stalled("InvalidManifests", "a.yaml:1:1")),
            )
        ):
            state.sources.save(replace(source, updated=float(now)))
        assert [(each.type, each.reason, each.count, each.revision) for each in state.events.recent()] == [
            ("Normal", "Applied", 1, "m@1"),
            ("Warning", "SourceUnavailable", 1, "m@1"),
            ("Warning", "InvalidManifests", 2, "m@2"),
        ]


class TestRuns:
    @pytest.mark.parametrize(
        ("status", "error", "expected"),
        [
            (RunStatus.SUCCEEDED, "", ("Normal", "RunSucceeded", "train-1 succeeded in 2.0 s")),
            (RunStatus.FAILED, "step a: no\nthe end", ("Warning", "RunFailed", "train-1: step a: no")),
            (RunStatus.CANCELLED, "ended by hand", ("Warning", "RunCancelled", "train-1 was cancelled: ended by hand")),
            (RunStatus.CANCELLED, f"{SUPERSEDED}m@2", ("Normal", "RunSuperseded", "train-1: superseded by m@2")),
        ],
    )
    def test_a_run_tells_its_start_and_its_end(
        self, state: State, status: RunStatus, error: str, expected: tuple[str, str, str]
    ) -> None:
        begun = state.runs.start(replace(run(status=RunStatus.RUNNING), reasons=("component split changed",)))
        state.runs.update(replace(begun, mlflow_run_id="m1"))
        state.runs.update(replace(begun, status=status, ended=3.0, error=error))
        start, end = state.events.recent()
        assert (start.reason, start.message) == (
            "RunStarted",
            "train-1 started by push: component split changed",
        )
        assert (end.type, end.reason, end.message) == expected
        assert (start.run_id, end.run_id, end.last) == ("train-1", "train-1", 3.0)

    def test_who_asked_for_a_run_is_named(self, state: State) -> None:
        state.runs.start(replace(run(status=RunStatus.RUNNING), trigger="run by ada@host"))
        assert [each.message for each in state.events.recent()] == ["train-1 started by ada@host"]

    def test_a_run_that_is_restored_is_told_once(self, state: State) -> None:
        restored = state.runs.start(run(status=RunStatus.RESTORED, restored_from="train-0"))
        state.runs.update(replace(restored, ended=2.0))
        assert [(each.reason, each.message) for each in state.events.recent()] == [
            ("RunRestored", "train-1 restored train-0 by push")
        ]


class TestBuilds:
    def test_a_build_tells_its_start_and_what_came_of_it(self, state: State) -> None:
        tools = EnvironmentState("process", "d" * 64, "tools", "1.0.0", BUILDING, started=1.0)
        state.environments.save(tools)
        state.environments.save(replace(tools, status=FAILED, ended=2.0, error="no such package\nmore"))
        state.environments.save(replace(tools, status=READY, ended=4.5))
        state.environments.save(replace(tools, status=GONE), 9.0)
        assert [(each.type, each.reason, each.message, each.last) for each in state.events.recent()] == [
            ("Normal", "Building", "digest dddddddddddd for engine process", 1.0),
            ("Warning", "BuildFailed", "no such package", 2.0),
            ("Normal", "Built", "digest dddddddddddd in 3.5 s", 4.5),
            ("Warning", "Gone", "digest dddddddddddd was removed from the engine by somebody else", 9.0),
        ]
