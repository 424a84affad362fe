"""Windows in which nothing may start: what waits says so and starts by itself, and somebody may override them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from reconciler.daemon.freezes import Freezes
from reconciler.daemon.retries import RetryPolicy
from reconciler.execution.site import Site
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import UsageError
from reconciler.model.runs import RunStatus
from reconciler.model.schedules import Cron, Trigger
from reconciler.model.windows import Window

from .following import Following
from .origin import Origin, pipeline
from .scheduling import SetClock, schedule

GREET = "greet.yaml"
OFFICE_HOURS = Window(True, Trigger(Cron("0 9 * * *")), 8 * 3600.0, pipelines=("greet*",))
FROZEN = ("Frozen", "frozen until 2026-01-01T17:00:00Z")


@pytest.fixture
def clock() -> SetClock:
    return SetClock("2026-01-01T12:00:00")


@pytest.fixture
def following(site: Site, origin: Origin) -> Iterator[Following]:
    following = Following(site, origin, RetryPolicy(first_delay=60, jitter=0.0), windows=(OFFICE_HOURS,))
    yield following
    following.follower.stop()


def test_windows_that_let_nothing_start_ever_are_told_as_such(clock: SetClock) -> None:
    all_day = Window(True, Trigger(Cron("0 0 * * *")), 24 * 3600.0)
    freezes = Freezes([OFFICE_HOURS, all_day], "origin", clock)
    assert freezes.why("greet") == "frozen for good: the windows of the configuration never let it start"
    assert Freezes([OFFICE_HOURS], "origin", clock).why("greet") == FROZEN[1]


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_what_is_pushed_in_it_waits_and_starts_by_itself_when_it_is_over(
    following: Following, origin: Origin, clock: SetClock
) -> None:
    commit = origin.push({GREET: pipeline("true"), "other.yaml": pipeline("true", name="other")})
    assert following.turn().started == ("other",)
    assert following.source.applied_commit == commit
    assert following.reason("pipeline/greet") == FROZEN
    assert following.follower.next_due() == utc("2026-01-01T17:00:00")
    clock.set("2026-01-01T16:59:59")
    assert following.turn("interval").started == ()
    clock.set("2026-01-01T17:00:00")
    following.follower.retry()
    assert following.turn("interval").started == ("greet",)
    assert following.runs[-1].trigger == "end of a freeze"
    assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")


def test_what_runs_goes_on_in_it(following: Following, origin: Origin, clock: SetClock) -> None:
    clock.set("2026-01-01T08:59:59")
    origin.push({GREET: pipeline("true")})
    following.follower.reconcile("push")
    clock.set("2026-01-01T09:00:00")
    following.turn("run ended")
    assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED]


def test_a_restoration_waits_too(following: Following, origin: Origin, clock: SetClock) -> None:
    clock.set("2026-01-01T08:00:00")
    origin.push({GREET: pipeline("true")})
    following.turn()
    origin.push({GREET: pipeline("echo second")})
    following.turn()
    clock.set("2026-01-01T12:00:00")
    origin.revert()
    following.turn()
    assert following.reason("pipeline/greet") == FROZEN
    clock.set("2026-01-01T17:00:00")
    following.follower.retry()
    following.turn("interval")
    assert following.reason("pipeline/greet") == ("RunRestored", "greet-3 restored greet-1")


def test_neither_is_a_failed_one_tried_again_in_it(following: Following, origin: Origin, clock: SetClock) -> None:
    clock.set("2026-01-01T08:59:30")
    origin.push({GREET: pipeline("exit 3")})
    following.turn()
    clock.set("2026-01-01T09:00:30")
    following.follower.retry()
    following.turn("interval")
    assert len(following.runs) == 1
    assert following.reason("pipeline/greet") == FROZEN
    assert following.follower.next_due() == utc("2026-01-01T17:00:00")


def test_who_asks_has_to_override_it_and_that_is_recorded(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    assert following.turn("request", is_asked=True).started == ()
    assert following.follower.reconcile("request", True, is_overriding=True).started == ("greet",)
    following.follower.wait()
    assert following.runs[-1].reasons == ("never ran", "overriding: frozen until 2026-01-01T17:00:00Z")


def test_a_run_that_somebody_asks_for_is_refused_unless_it_overrides(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    following.turn()
    with pytest.raises(UsageError, match="pipeline greet is frozen until 2026-01-01T17:00:00Z") as refused:
        following.follower.run(AskedRun("greet", "ada@lab"))
    assert refused.value.hint == "start it all the same with `--override`"
    assert following.follower.run(AskedRun("greet", "ada@lab", is_overriding=True)).run == "greet-1"
    assert following.reason("pipeline/greet")[0] != "Frozen"
    following.follower.wait()
    assert "overriding: frozen until 2026-01-01T17:00:00Z" in following.runs[-1].reasons


def test_a_schedule_that_is_due_in_it_is_passed_over_and_says_so(
    following: Following, origin: Origin, clock: SetClock
) -> None:
    clock.set("2026-01-01T08:00:00")
    origin.push({GREET: pipeline("true"), "nightly.yaml": schedule("{type: cron, expression: 0 10 * * *}")})
    following.turn()
    clock.set("2026-01-01T10:00:00")
    assert following.turn("interval").started == ()
    why = "2026-01-01T10:00:00Z was passed over: greet is frozen until 2026-01-01T17:00:00Z"
    assert following.reason("schedule/nightly") == ("Scheduled", f"next at 2026-01-02T10:00:00Z; {why}")


def test_where_windows_allow_it_it_starts_in_them_alone(site: Site, origin: Origin, clock: SetClock) -> None:
    nightly = Window(False, Trigger(Cron("0 22 * * *"), "Europe/Berlin"), 3600.0, sources=("ma*",))
    following = Following(site, origin, windows=(nightly,))
    origin.push({GREET: pipeline("true")})
    following.turn()
    assert following.reason("pipeline/greet") == ("Frozen", "frozen until 2026-01-01T21:00:00Z")
    clock.set("2026-01-01T21:30:00")
    following.follower.retry()
    assert following.turn("interval").started == ("greet",)
    following.follower.stop()


def test_the_next_process_keeps_to_it(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    following.turn()
    following.restart()
    assert following.turn("start").started == ()
    assert following.reason("pipeline/greet") == FROZEN
