"""What a schedule is to fire for, and what it missed, however clocks and daemons come and go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.schedules import CatchUp, Cron, Lateness, OnOverlap, Trigger
from reconciler.schedules.firing_times import moments_within
from reconciler.schedules.overdue import MOST_COUNTED, overdue

DAILY = Trigger(Cron("0 6 * * *"))
MINUTELY = Trigger(Cron("* * * * *"))
HOUR, DAY = 3600.0, 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


SEEN = at("2026-01-01T12:00")
NOW = at("2026-01-05T09:30")
SECOND, FOURTH, FIFTH = (at(f"2026-01-{day}T06:00") for day in ("02", "04", "05"))


def due(catch_up: CatchUp, deadline: float | None = None, has_waited: bool = False) -> tuple[float | None, int, int]:
    """The moment, how many were missed before it, and how many follow."""
    found = overdue(DAILY, Lateness(catch_up, deadline), SEEN, NOW, has_waited)
    assert found is not None
    return found.moment, found.missed, found.following


@pytest.mark.parametrize(
    ("catch_up", "deadline", "expected"),
    [
        (CatchUp.LATEST, None, (FIFTH, 3, 0)),
        (CatchUp.LATEST, 4 * HOUR, (FIFTH, 3, 0)),
        (CatchUp.LATEST, HOUR, (None, 4, 0)),
        (CatchUp.NONE, None, (None, 4, 0)),
        (CatchUp.NONE, 4 * HOUR, (FIFTH, 3, 0)),
        (CatchUp.ALL, None, (SECOND, 0, 3)),
        (CatchUp.ALL, 30 * HOUR, (FOURTH, 2, 1)),
        (CatchUp.ALL, HOUR, (None, 4, 0)),
    ],
)
def test_of_four_that_were_missed(
    catch_up: CatchUp, deadline: float | None, expected: tuple[float | None, int, int]
) -> None:
    assert due(catch_up, deadline) == expected


def test_what_only_had_to_wait_was_not_missed_unless_a_deadline_says_so() -> None:
    assert due(CatchUp.NONE, has_waited=True) == (FIFTH, 3, 0)
    assert due(CatchUp.NONE, HOUR, has_waited=True) == (None, 4, 0)


def test_nothing_is_due_before_the_time() -> None:
    assert overdue(DAILY, Lateness(), SEEN, SECOND - 1) is None


def test_a_year_of_minutes_is_counted_no_further_than_makes_a_difference() -> None:
    found = overdue(MINUTELY, Lateness(), SEEN, SEEN + 365 * DAY)
    assert found is not None
    assert (found.moment, found.missed) == (SEEN + 365 * DAY, MOST_COUNTED)
    assert (found.first_missed, found.last_missed) == (SEEN + 60, SEEN + 365 * DAY - 60)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(CatchUp),
    st.sampled_from(["0 * * * *", "*/20 * * * *", "30 2 * * *"]),
    st.lists(st.floats(-20 * HOUR, 40 * HOUR), min_size=1, max_size=6),
)
def test_however_the_clock_jumps_no_moment_fires_twice_and_all_of_them_means_all(
    catch_up: CatchUp, expression: str, steps: list[float]
) -> None:
    """As the daemon goes on from one look to the next: what was seen to never becomes less."""
    trigger = Trigger(Cron(expression), "Europe/Berlin")
    lateness = Lateness(catch_up, None, OnOverlap.QUEUE)
    begin = at("2026-03-28T12:00")  # a night before clocks are put forward
    now, latest, seen, fired = begin, begin, begin, []
    for step in steps:
        now += step
        latest = max(latest, now)
        while (found := overdue(trigger, lateness, seen, now)) is not None:
            if found.moment is None:
                seen = max(now, found.last_missed)
                continue
            fired.append(found.moment)
            seen = found.moment if catch_up is CatchUp.ALL else max(now, found.moment)
    wanted = list(moments_within(trigger, begin, latest))
    assert fired == sorted(set(fired))
    assert set(fired) <= set(wanted)
    if catch_up is CatchUp.ALL:
        assert fired == wanted
