"""Schedules of an applied revision: when their runs start, and what is said of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.runs import RunStatus, StepStatus
from reconciler.state.schedules import FiredRun

from .following import SOURCE, Following
from .origin import Origin
from .scheduling import GREET, NIGHTLY, OF_THE_DAY, SetClock, begin, said, schedule, text_of, with_input
from .waiting import Waiting


@pytest.fixture
def clock() -> SetClock:
    return SetClock("2026-01-01T12:00:00")


class TestFiring:
    def test_it_starts_a_run_of_an_unchanged_pipeline_and_steps_are_reused(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        assert said(following) == ("Scheduled", "next at 2026-01-02T06:00:00Z")
        assert following.follower.next_due() == datetime(2026, 1, 2, 6, tzinfo=UTC).timestamp()
        clock.set("2026-01-02T05:59:59")
        assert following.turn("interval").started == ()
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ("greet",)
        run = following.runs[-1]
        assert (run.id, run.status, run.trigger) == ("greet-2", RunStatus.SUCCEEDED, "schedule nightly")
        assert run.reasons == ("schedule nightly was due at 2026-01-02T06:00:00Z",)
        assert [step.status for step in following.site.state.runs.steps(run.id)] == [StepStatus.REUSED]
        assert said(following) == ("Scheduled", "next at 2026-01-03T06:00:00Z; greet-2 ran at 2026-01-02T06:00:00Z")

    def test_it_is_known_which_pipeline_it_runs(self, following: Following, origin: Origin) -> None:
        schedules = following.site.state.schedules
        begin(following, origin)
        assert [each.name for each in schedules.of_pipeline("greet")] == ["nightly"]
        origin.push({"other.yaml": with_input("bye").replace("name: greet", "name: other")})
        origin.push({NIGHTLY: schedule(job="./other.yaml")})
        following.turn()
        assert [each.name for each in schedules.of_pipeline("other")] == ["nightly"]
        assert schedules.of_pipeline("greet") == []

    def test_one_moment_fires_once(self, following: Following, origin: Origin, clock: SetClock) -> None:
        begin(following, origin)
        clock.set("2026-01-02T06:00:00")
        for _ in range(3):
            following.turn("interval")
            following.turn("request", is_asked=True)
            clock.advance(20)
        assert len(following.runs) == 2

    def test_a_schedule_that_is_new_does_not_fire_for_what_is_past(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        clock.set("2026-01-01T06:00:30")
        begin(following, origin)
        assert following.turn("interval").started == ()

    def test_the_references_are_those_of_the_revision_that_is_applied_when_it_fires(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        commit = origin.push({GREET: with_input("goodbye")})
        following.turn()
        clock.set("2026-01-02T06:00:00")
        following.turn("interval")
        first, second, third = following.runs
        assert third.revision == f"main@sha1:{commit}"
        assert first.closure != second.closure == third.closure

    def test_what_was_pushed_just_before_counts(self, following: Following, origin: Origin, clock: SetClock) -> None:
        begin(following, origin, OF_THE_DAY)
        commit = origin.push({GREET: with_input("goodbye")})
        clock.set("2026-01-02T06:00:00")
        assert sorted(following.turn("interval").started) == ["greet", "greet@nightly"]
        assert {run.revision for run in following.runs[1:]} == {f"main@sha1:{commit}"}

    def test_a_refused_revision_leaves_the_schedules_of_the_one_before(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        origin.push({NIGHTLY: schedule(job="./gone.yaml")})
        outcome = following.turn()
        assert "nightly.yaml:2:1: error: there is no file `gone.yaml`" in outcome.error
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ("greet",)


class TestOtherInputs:
    def test_its_runs_are_its_own_and_make_no_push_run_again(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin, OF_THE_DAY)
        for day in ("02", "03"):
            clock.set(f"2026-01-{day}T06:00:00")
            assert following.turn("interval").started == ("greet@nightly",)
            assert following.turn("request", is_asked=True).started == ()
        first, second, third = following.runs
        assert [first.id, second.id, third.id] == ["greet-1", "greet@nightly-1", "greet@nightly-2"]
        assert len({first.closure, second.closure, third.closure}) == 3
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")
        assert said(following)[1].startswith("next at 2026-01-04T06:00:00Z; greet@nightly-2 ran at")

    def test_they_are_given_the_time_of_the_trigger(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin, OF_THE_DAY, "{type: cron, expression: 0 6 * * *, time_zone: Eastern Standard Time}")
        clock.set("2026-01-02T11:03:00")
        following.turn("interval")
        (step,) = following.site.state.runs.steps("greet@nightly-1")
        assert text_of(following, step) == "2026-01-02T11:00:00 hello\n"

    def test_a_push_that_changes_nothing_of_it_is_not_held_up(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin, OF_THE_DAY)
        clock.set("2026-01-02T06:00:00")
        following.turn("interval")
        origin.push({"README.md": "words\n"})
        assert following.turn().started == ()


class TestOverlap:
    def test_a_firing_is_passed_over_while_the_pipeline_runs_and_says_so(
        self, following: Following, origin: Origin, clock: SetClock, waiting: Waiting
    ) -> None:
        origin.push({GREET: waiting.manifest, NIGHTLY: schedule()})
        following.follower.reconcile("push")
        waiting.until_second()
        clock.set("2026-01-02T06:00:00")
        assert following.follower.reconcile("interval").started == ()
        assert said(following) == (
            "Scheduled",
            "next at 2026-01-03T06:00:00Z; 2026-01-02T06:00:00Z was passed over: greet-1 was still running",
        )
        waiting.go_on()
        following.follower.wait()
        assert following.turn("run ended").started == ()
        clock.set("2026-01-03T06:00:00")
        assert following.turn("interval").started == ("greet",)

    def test_while_it_runs_it_says_so(
        self, following: Following, origin: Origin, clock: SetClock, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        job = f"\n  jobs:\n    wait:\n      command: until test -e {gate}; do sleep 0.02; done\n"
        origin.push({NIGHTLY: schedule(job=job + "      environment: {image: python}\n")})
        following.turn()
        clock.set("2026-01-02T06:00:00")
        assert following.follower.reconcile("interval").started == ("job@nightly",)
        assert said(following) == ("Running", "job@nightly-1 is running; next at 2026-01-03T06:00:00Z")
        gate.touch()


class TestDowntime:
    def test_of_all_that_was_missed_the_last_one_fires_once(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin, OF_THE_DAY)
        following.restart()
        clock.set("2026-01-05T09:30:00")
        assert following.turn("start").started == ("greet@nightly",)
        (run,) = following.runs[1:]
        assert run.reasons == ("schedule nightly was due at 2026-01-05T06:00:00Z, the newest of 4 that were missed",)
        assert following.site.state.schedules.of_run(run.id) == FiredRun(
            "nightly", datetime(2026, 1, 5, 6, tzinfo=UTC).timestamp()
        )
        following.restart()
        assert following.turn("start").started == ()

    def test_a_restart_after_a_firing_fires_nothing_again(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        clock.set("2026-01-02T06:00:00")
        following.turn("interval")
        following.restart()
        assert following.turn("start").started == ()
        assert said(following)[0] == "Scheduled"

    def test_a_run_in_the_middle_is_taken_up_with_the_time_that_it_started_for(
        self, following: Following, origin: Origin, clock: SetClock, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        gate.touch()
        origin.push({GREET: with_input("hello", gate), NIGHTLY: schedule(job=OF_THE_DAY)})
        following.turn()
        gate.unlink()
        clock.set("2026-01-02T06:00:00")
        assert following.follower.reconcile("interval").started == ("greet@nightly",)
        assert following.restart() == ["greet@nightly-1"]
        clock.set("2026-01-02T07:00:00")
        gate.touch()
        following.follower.wait()
        (step,) = following.site.state.runs.steps("greet@nightly-1")
        assert text_of(following, step) == "2026-01-02T06:00:00 hello\n"
        assert following.turn("run ended").started == ()

    def test_a_clock_that_is_put_back_fires_nothing_twice(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        clock.set("2026-01-02T06:00:10")
        following.turn("interval")
        clock.set("2026-01-02T05:30:00")
        assert following.turn("interval").started == ()
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()
        clock.set("2026-01-03T06:00:00")
        assert following.turn("interval").started == ("greet",)

    def test_a_clock_that_was_wrong_by_years_does_not_silence_a_schedule(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        clock.set("2036-01-01T12:00:00")
        begin(following, origin)
        clock.set("2026-01-01T12:00:00")
        following.turn("request", is_asked=True)
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ("greet",)


class TestChanges:
    def test_another_trigger_counts_from_the_push_on(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        clock.set("2026-01-01T13:30:00")
        origin.push({NIGHTLY: schedule("{type: cron, expression: 0 13 * * *}")})
        assert following.turn().started == ()
        assert said(following) == ("Scheduled", "next at 2026-01-02T13:00:00Z")

    def test_one_that_is_disabled_does_not_fire_and_begins_anew_when_it_is_enabled(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        origin.push({NIGHTLY: schedule(more="is_enabled: false\n")})
        following.turn()
        assert said(following) == ("Disabled", "does not fire: `is_enabled` is false")
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()
        origin.push({NIGHTLY: schedule()})
        assert following.turn().started == ()
        assert said(following) == ("Scheduled", "next at 2026-01-03T06:00:00Z")

    def test_one_that_is_gone_from_git_is_forgotten(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        begin(following, origin)
        origin.push({NIGHTLY: None})
        outcome = following.turn()
        assert outcome.plan is not None
        assert [(each.kind, each.name) for each in outcome.plan.prune] == [(Kind.SCHEDULE, "nightly")]
        assert following.site.state.schedules.all(SOURCE) == []
        assert following.follower.next_due() is None
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()

    def test_one_that_is_over_says_so(self, following: Following, origin: Origin, clock: SetClock) -> None:
        begin(following, origin, trigger="{type: cron, expression: 0 6 * * *, end_time: '2026-01-02T07:00:00'}")
        clock.set("2026-01-02T06:00:00")
        following.turn("interval")
        assert said(following) == ("Ended", "does not fire any more; greet-2 ran at 2026-01-02T06:00:00Z")
        assert following.follower.next_due() is None


class TestFailures:
    def test_a_run_that_failed_is_told_and_waits_for_the_next_firing(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        origin.push(
            {
                GREET: with_input("hello && test ${{inputs.day}} = none && echo"),
                NIGHTLY: schedule(job=OF_THE_DAY),
            }
        )
        following.turn()
        clock.set("2026-01-02T06:00:00")
        following.turn("interval")
        clock.advance(3600)
        following.turn("interval")
        reason, message = said(following)
        assert reason == "RunFailed"
        assert message.startswith("greet@nightly-1 failed: ")
        assert message.endswith("; next at 2026-01-03T06:00:00Z")
        assert len(following.runs) == 2

    def test_one_whose_job_cannot_run_here_is_stalled(self, following: Following, origin: Origin) -> None:
        origin.push({NIGHTLY: schedule(job="{type: spark, job: ./spark.yaml}")})
        assert following.turn().is_good
        assert said(following) == ("Unsupported", "spark jobs are not supported")
        assert following.follower.next_due() is None
