"""What somebody holds still: nothing new starts of it, and what is said says who and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.daemon.retries import RetryPolicy
from reconciler.execution.site import Site
from reconciler.model.runs import RunStatus
from reconciler.state.suspensions import Suspensions

from .following import SOURCE, Following
from .origin import Origin, pipeline
from .scheduling import SetClock, schedule
from .site import make_site
from .waiting import Waiting

GREET = "greet.yaml"
NIGHTLY = "nightly.yaml"
NOON = "2026-01-01T12:00:00"
TOLD = "suspended by ada@lab since 2026-01-01T12:00:00Z: holidays"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def site(tmp_path: Path, clock: SetClock) -> Iterator[Site]:
    site = make_site(tmp_path / "state", clock)  # type: ignore[arg-type]
    yield site
    site.close()
    site.state.close()


class Hand:
    """Somebody who suspends and resumes."""

    def __init__(self, suspensions: Suspensions, clock: SetClock) -> None:
        self._suspensions = suspensions
        self._clock = clock

    def suspend(self, kind: str, name: str) -> None:
        self._suspensions.suspend(SOURCE, kind, name, "ada@lab", "holidays", self._clock())

    def resume(self, kind: str, name: str) -> None:
        self._suspensions.resume(SOURCE, kind, name, self._clock())


@pytest.fixture
def hand(site: Site, clock: SetClock) -> Hand:
    return Hand(site.state.suspensions, clock)


def statuses(following: Following) -> list[RunStatus]:
    return [run.status for run in following.runs]


class TestSource:
    def test_it_is_neither_fetched_nor_applied_until_it_is_resumed(
        self, following: Following, origin: Origin, hand: Hand
    ) -> None:
        first = origin.push({GREET: pipeline("true")})
        following.turn()
        said = following.source_reason
        hand.suspend("source", SOURCE)
        second = origin.push({GREET: pipeline("echo second")})
        assert following.turn().started == ()
        assert following.source.attempted_commit == first
        assert following.source_reason == said
        hand.resume("source", SOURCE)
        assert following.turn("resume").started == (GREET.removesuffix(".yaml"),)
        assert following.source.applied_commit == second
        assert following.runs[-1].trigger == "resume"

    def test_who_asks_for_a_reconciliation_hears_why_not(
        self, following: Following, origin: Origin, hand: Hand
    ) -> None:
        origin.push({GREET: pipeline("true")})
        following.turn()
        hand.suspend("source", SOURCE)
        outcome = following.turn("request", is_asked=True)
        assert outcome.error == f"source main is {TOLD}; `reconciler resume source main` lets go of it"
        assert not outcome.is_good

    def test_what_runs_goes_on_to_its_end_and_that_is_told(
        self, following: Following, origin: Origin, waiting: Waiting, hand: Hand
    ) -> None:
        origin.push({GREET: waiting.manifest})
        following.follower.reconcile("push")
        waiting.until_second()
        hand.suspend("source", SOURCE)
        following.follower.reconcile("suspend")
        waiting.go_on()
        following.turn("run ended")
        assert statuses(following) == [RunStatus.SUCCEEDED]
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")

    def test_nothing_is_due_while_it_is_suspended_also_for_the_next_process(
        self, following: Following, origin: Origin, clock: SetClock, hand: Hand
    ) -> None:
        origin.push({GREET: pipeline("true"), NIGHTLY: schedule()})
        following.turn()
        hand.suspend("source", SOURCE)
        following.restart()
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()
        assert following.follower.next_due() is None
        hand.resume("source", SOURCE)
        assert following.turn("resume").started == ()
        assert following.reason("schedule/nightly") == ("Scheduled", "next at 2026-01-03T06:00:00Z")

    def test_a_run_that_was_left_in_the_middle_is_taken_up_all_the_same(
        self, following: Following, origin: Origin, waiting: Waiting, hand: Hand
    ) -> None:
        origin.push({GREET: waiting.manifest})
        following.follower.reconcile("push")
        waiting.until_second()
        hand.suspend("source", SOURCE)
        assert following.restart() == ["greet-1"]
        waiting.go_on()
        following.turn("start")
        assert statuses(following) == [RunStatus.SUCCEEDED]


class TestPipeline:
    def test_a_push_starts_no_run_of_it_and_resuming_does(
        self, following: Following, origin: Origin, hand: Hand
    ) -> None:
        origin.push({GREET: pipeline("true"), "other.yaml": pipeline("true", name="other")})
        following.turn()
        hand.suspend("pipeline", "greet")
        commit = origin.push({GREET: pipeline("echo 2"), "other.yaml": pipeline("echo 2", name="other")})
        assert following.turn().started == ("other",)
        assert following.source.applied_commit == commit
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")
        hand.resume("pipeline", "greet")
        assert following.turn("resume").started == ("greet",)

    def test_one_that_never_ran_says_for_what_it_waits(self, following: Following, origin: Origin, hand: Hand) -> None:
        hand.suspend("pipeline", "greet")
        origin.push({GREET: pipeline("true")})
        following.turn()
        assert following.runs == []
        assert following.reason("pipeline/greet") == ("Waiting", TOLD)

    def test_it_is_not_tried_again_also_when_somebody_asks(
        self, site: Site, origin: Origin, clock: SetClock, hand: Hand
    ) -> None:
        following = Following(site, origin, RetryPolicy(first_delay=10))
        origin.push({GREET: pipeline("exit 3")})
        following.turn()
        hand.suspend("pipeline", "greet")
        following.turn("suspend")
        assert following.follower.next_due() is None
        clock.advance(60)
        following.follower.retry()
        following.turn("interval")
        following.turn("request", is_asked=True)
        assert len(following.runs) == 1
        reason, message = following.reason("pipeline/greet")
        assert (reason, message.endswith(f"({TOLD})")) == ("Retrying", True)
        hand.resume("pipeline", "greet")
        following.turn("resume")
        assert [run.attempt for run in following.runs] == [1, 2]
        following.follower.stop()

    def test_no_schedule_runs_it_and_that_is_said(
        self, following: Following, origin: Origin, clock: SetClock, hand: Hand
    ) -> None:
        origin.push({GREET: pipeline("true"), NIGHTLY: schedule()})
        following.turn()
        hand.suspend("pipeline", "greet")
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()
        why = f"2026-01-02T06:00:00Z was passed over: greet is {TOLD}"
        assert following.reason("schedule/nightly") == ("Scheduled", f"next at 2026-01-03T06:00:00Z; {why}")

    def test_a_push_does_not_end_its_run_for_one_that_may_not_start(
        self, following: Following, origin: Origin, waiting: Waiting, hand: Hand
    ) -> None:
        cancel = "on_new_revision: cancel\n"
        origin.push({GREET: waiting.manifest + cancel})
        following.follower.reconcile("push")
        waiting.until_second()
        hand.suspend("pipeline", "greet")
        origin.push({GREET: pipeline("echo other") + cancel})
        following.follower.reconcile("push")
        waiting.go_on()
        following.turn("run ended")
        assert statuses(following) == [RunStatus.SUCCEEDED]

    def test_git_can_hold_it_still_which_changes_no_closure(self, following: Following, origin: Origin) -> None:
        origin.push({GREET: pipeline("true")})
        following.turn()
        origin.push({GREET: pipeline("echo second") + "suspended: true\n"})
        assert following.turn().started == ()
        assert following.resources["pipeline/greet"].is_suspended
        origin.push({GREET: pipeline("true") + "suspended: true\n"})
        following.turn()
        origin.push({GREET: pipeline("true") + "properties: {reconciler.suspended: 'false'}\n"})
        assert following.turn().started == ()
        assert not following.resources["pipeline/greet"].is_suspended
        assert len(following.runs) == 1


class TestSchedule:
    @pytest.fixture(autouse=True)
    def begun(self, following: Following, origin: Origin) -> None:
        origin.push({GREET: pipeline("true"), NIGHTLY: schedule()})
        following.turn()

    def test_it_does_not_fire_and_what_passed_is_not_made_up_for(
        self, following: Following, clock: SetClock, hand: Hand
    ) -> None:
        hand.suspend("schedule", "nightly")
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()
        assert following.reason("schedule/nightly") == ("Scheduled", "does not fire while suspended")
        clock.set("2026-01-02T09:00:00")
        hand.resume("schedule", "nightly")
        assert following.turn("resume").started == ()
        assert following.reason("schedule/nightly") == ("Scheduled", "next at 2026-01-03T06:00:00Z")
        clock.set("2026-01-03T06:00:00")
        assert following.turn("interval").started == ("greet",)

    def test_neither_is_it_where_no_daemon_ran_meanwhile(
        self, following: Following, clock: SetClock, hand: Hand
    ) -> None:
        hand.suspend("schedule", "nightly")
        following.follower.stop()
        clock.set("2026-01-02T09:00:00")
        hand.resume("schedule", "nightly")
        following.restart()
        assert following.turn("start").started == ()

    def test_what_ran_before_is_still_told(self, following: Following, clock: SetClock, hand: Hand) -> None:
        clock.set("2026-01-02T06:00:00")
        following.turn("interval")
        hand.suspend("schedule", "nightly")
        clock.set("2026-01-03T06:00:00")
        following.turn("interval")
        told = "does not fire while suspended; greet-2 ran at 2026-01-02T06:00:00Z"
        assert following.reason("schedule/nightly") == ("Scheduled", told)

    def test_git_can_hold_it_still(self, following: Following, origin: Origin, clock: SetClock) -> None:
        origin.push({NIGHTLY: schedule(more="suspended: true\n")})
        following.turn()
        assert following.resources["schedule/nightly"].is_suspended
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ()
        following.follower.stop()
        clock.set("2026-01-03T09:00:00")
        origin.push({NIGHTLY: schedule()})
        following.restart()
        assert following.turn("start").started == ()
        assert following.reason("schedule/nightly") == ("Scheduled", "next at 2026-01-04T06:00:00Z")
