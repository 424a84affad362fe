"""Firings that cannot start on time: what is made up for, what waits, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus

from .following import SOURCE, Following
from .origin import Origin
from .scheduling import GREET, NIGHTLY, OF_THE_DAY, SetClock, begin, said, schedule, text_of, with_input
from .waiting import Waiting

DOWN = "2026-01-05T09:30:00"  # four mornings later
MISSED = "4 firings were missed, 2026-01-02T06:00:00Z to 2026-01-05T06:00:00Z"
HOURLY = "{type: cron, expression: 0 * * * *}"


@pytest.fixture
def clock() -> SetClock:
    return SetClock("2026-01-01T12:00:00")


def after_downtime(following: Following, origin: Origin, clock: SetClock, more: str, until: str = DOWN) -> list[str]:
    """Why each run of the schedule started, once the daemon is back and nothing is due any more."""
    origin.push({GREET: with_input("hello"), NIGHTLY: schedule(job=OF_THE_DAY, more=more)})
    following.turn()
    following.restart()
    clock.set(until)
    following.turn("start")
    for _ in range(5):
        following.turn("run ended")
    return [run.reasons[0].removeprefix("schedule nightly was due at ") for run in following.runs[1:]]


def missed(following: Following) -> list[str]:
    """What is told of firings that were missed."""
    found = following.site.state.events.recent(kind="schedule", name="nightly")
    return [each.message for each in found if each.reason == "FiringsMissed"]


class TestCatchUp:
    def test_the_newest_is_made_up_for_unless_something_else_is_said(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        assert after_downtime(following, origin, clock, "") == [
            "2026-01-05T06:00:00Z, the newest of 4 that were missed"
        ]
        before = "3 firings were missed, 2026-01-02T06:00:00Z to 2026-01-04T06:00:00Z"
        told = f"{before}; 2026-01-05T06:00:00Z was made up for"
        ran = "greet@nightly-1 ran at 2026-01-05T06:00:00Z"
        assert said(following) == ("Scheduled", f"next at 2026-01-06T06:00:00Z; {ran}; {told}")
        assert missed(following) == [told]

    def test_none_is_made_up_for_where_that_is_said(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        assert after_downtime(following, origin, clock, "catch_up: none\n") == []
        told = f"{MISSED}; `catch_up: none` makes up for none"
        assert said(following) == ("Scheduled", f"next at 2026-01-06T06:00:00Z; {told}")
        assert missed(following) == [told]
        clock.set("2026-01-06T06:00:00")
        assert following.turn("interval").started == ("greet@nightly",)

    def test_a_restart_of_minutes_misses_nothing(self, following: Following, origin: Origin, clock: SetClock) -> None:
        late = "2026-01-02T06:04:00"
        assert after_downtime(following, origin, clock, "catch_up: none\n", late) == ["2026-01-02T06:00:00Z"]

    def test_all_are_made_up_for_one_after_the_other(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        assert after_downtime(following, origin, clock, "catch_up: all\n") == [
            "2026-01-02T06:00:00Z, which was missed; 3 more follow",
            "2026-01-03T06:00:00Z, which was missed; 2 more follow",
            "2026-01-04T06:00:00Z, which was missed; 1 more follow",
            "2026-01-05T06:00:00Z, which was missed",
        ]
        days = []
        for number in (1, 2, 3, 4):
            (step,) = following.site.state.runs.steps(f"greet@nightly-{number}")
            days.append(text_of(following, step)[:10])
        assert days == ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"]

    def test_of_all_of_them_none_is_lost_or_repeated_by_a_restart_in_between(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        origin.push({GREET: with_input("hello"), NIGHTLY: schedule(job=OF_THE_DAY, more="catch_up: all\n")})
        following.turn()
        clock.set(DOWN)
        for _ in range(5):
            following.restart()
            following.turn("start")
            clock.advance(1)
        assert len(following.runs) == 1 + 4
        assert len({run.reasons[0][:50] for run in following.runs[1:]}) == 4

    @pytest.mark.parametrize(
        ("more", "due"),
        [
            ("starting_deadline: 1d\n", ["2026-01-05T06:00:00Z, the newest of 4 that were missed"]),
            ("starting_deadline: 3600\n", []),
            (
                "catch_up: all\nstarting_deadline: 30h\n",
                [
                    "2026-01-04T06:00:00Z, the newest of 3 that were missed; 1 more follow",
                    "2026-01-05T06:00:00Z, which was missed",
                ],
            ),
            ("catch_up: none\nstarting_deadline: 4h\n", ["2026-01-05T06:00:00Z, the newest of 4 that were missed"]),
        ],
    )
    def test_what_is_later_than_its_deadline_is_not_started(
        self, following: Following, origin: Origin, clock: SetClock, more: str, due: list[str]
    ) -> None:
        assert after_downtime(following, origin, clock, more) == due

    def test_too_late_for_all_of_them_is_told_with_the_deadline(
        self, following: Following, origin: Origin, clock: SetClock
    ) -> None:
        after_downtime(following, origin, clock, "starting_deadline: 3600\n")
        assert missed(following) == [f"{MISSED}; `starting_deadline` is 3600 s"]


class TestQueue:
    def test_a_firing_waits_for_the_run_before_it(
        self, following: Following, origin: Origin, clock: SetClock, waiting: Waiting
    ) -> None:
        origin.push({GREET: waiting.manifest, NIGHTLY: schedule(more="on_overlap: queue\n")})
        following.follower.reconcile("push")
        waiting.until_second()
        clock.set("2026-01-02T06:00:00")
        assert following.follower.reconcile("interval").started == ()
        assert said(following) == ("Scheduled", "2026-01-02T06:00:00Z waits for greet-1")
        assert following.follower.next_due() is None  # the end of the run is what it is woken by
        waiting.go_on()
        following.follower.wait()
        clock.set("2026-01-02T09:00:00")
        assert following.turn("run ended").started == ("greet",)
        assert following.runs[-1].reasons == (
            "schedule nightly was due at 2026-01-02T06:00:00Z and waited for greet-1",
        )
        assert said(following)[1].startswith("next at 2026-01-03T06:00:00Z; greet-2 ran at 2026-01-02T06:00:00Z")

    def test_of_several_that_wait_the_newest_counts_and_the_others_are_told(
        self, following: Following, origin: Origin, clock: SetClock, waiting: Waiting
    ) -> None:
        origin.push({GREET: waiting.manifest, NIGHTLY: schedule(HOURLY, more="on_overlap: queue\n")})
        following.follower.reconcile("push")
        waiting.until_second()
        for hour in ("13", "14", "15"):
            clock.set(f"2026-01-01T{hour}:00:00")
            following.follower.reconcile("interval")
        waiting.go_on()
        following.follower.wait()
        following.turn("run ended")
        assert [run.trigger for run in following.runs] == ["push", "schedule nightly"]
        assert following.runs[-1].reasons[0].endswith("was due at 2026-01-01T15:00:00Z and waited for greet-1")
        (told,) = missed(following)
        assert told.startswith("2 firings were missed, 2026-01-01T13:00:00Z to 2026-01-01T14:00:00Z; ")

    def test_what_waited_is_on_time_even_where_nothing_is_made_up_for(
        self, following: Following, origin: Origin, clock: SetClock, waiting: Waiting
    ) -> None:
        more = "on_overlap: queue\ncatch_up: none\n"
        origin.push({GREET: waiting.manifest, NIGHTLY: schedule(more=more)})
        following.follower.reconcile("push")
        waiting.until_second()
        clock.set("2026-01-02T06:00:00")
        following.follower.reconcile("interval")
        clock.set("2026-01-02T11:00:00")
        waiting.go_on()
        following.follower.wait()
        assert following.turn("run ended").started == ("greet",)

    def test_a_firing_that_waits_is_not_lost_by_a_restart(
        self, following: Following, origin: Origin, clock: SetClock, waiting: Waiting
    ) -> None:
        origin.push({GREET: waiting.manifest, NIGHTLY: schedule(more="on_overlap: queue\n")})
        following.follower.reconcile("push")
        waiting.until_second()
        clock.set("2026-01-02T06:00:00")
        following.follower.reconcile("interval")
        assert following.restart() == ["greet-1"]
        following.follower.reconcile("start")
        waiting.go_on()
        following.follower.wait()
        assert following.turn("run ended").started == ("greet",)
        assert len(following.runs) == 2


class TestCancel:
    def test_a_firing_ends_the_run_that_the_schedule_itself_began(
        self, following: Following, origin: Origin, clock: SetClock, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        gate.touch()
        more = "on_overlap: cancel\n"
        origin.push({GREET: with_input("hello", gate), NIGHTLY: schedule(job=OF_THE_DAY, more=more)})
        following.turn()
        gate.unlink()
        clock.set("2026-01-02T06:00:00")
        following.follower.reconcile("interval")
        clock.set("2026-01-03T06:00:00")
        assert following.follower.reconcile("interval").started == ()
        following.follower.wait()
        gate.touch()
        assert following.turn("run ended").started == ("greet@nightly",)
        _, ended, new = following.runs
        assert (ended.status, new.status) == (RunStatus.CANCELLED, RunStatus.SUCCEEDED)
        assert ended.error == "superseded by the firing of schedule nightly for 2026-01-03T06:00:00Z"
        assert following.site.state.schedules.all(SOURCE)[0].run_id == new.id

    def test_it_waits_for_a_run_that_a_push_began(
        self, following: Following, origin: Origin, clock: SetClock, waiting: Waiting
    ) -> None:
        origin.push({GREET: waiting.manifest, NIGHTLY: schedule(more="on_overlap: cancel\n")})
        following.follower.reconcile("push")
        waiting.until_second()
        clock.set("2026-01-02T06:00:00")
        following.follower.reconcile("interval")
        waiting.go_on()
        following.follower.wait()
        assert following.turn("run ended").started == ("greet",)
        assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED] * 2


class TestClock:
    @pytest.mark.parametrize("more", ["", "catch_up: all\n", "catch_up: none\n"])
    def test_one_that_is_put_forward_and_back_again_fires_nothing_twice(
        self, following: Following, origin: Origin, clock: SetClock, more: str
    ) -> None:
        begin(following, origin)
        origin.push({NIGHTLY: schedule(more=more)})
        following.turn()
        clock.set("2026-01-02T06:00:10")
        following.turn("interval")
        clock.set("2026-01-02T05:00:00")
        following.turn("interval")
        following.restart()
        clock.set("2026-01-02T06:00:05")
        following.turn("start")
        assert len(following.runs) == 2
        clock.set("2026-01-03T06:00:00")
        following.turn("interval")
        assert len(following.runs) == 3
