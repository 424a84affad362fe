"""Windows: open from when they begin for as long as they last, and what a set of them lets start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.schedules import Cron, Trigger
from reconciler.model.windows import Window
from reconciler.schedules.firing_times import latest_within, next_after
from reconciler.schedules.windows import frozen_until, is_open, may_start

from .test_firing_times import BERLIN, EASTERN, at

HOUR = 3600.0


def window(expression: str, hours: float, zone: str = "UTC", is_denying: bool = True) -> Window:
    return Window(is_denying, Trigger(Cron(expression), zone), hours * HOUR)


def allowing(expression: str, hours: float, zone: str = "UTC") -> Window:
    return window(expression, hours, zone, is_denying=False)


def local(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


OFFICE = window("0 9 * * 1-5", 8, BERLIN)


class TestOne:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-01-05T08:59:59", False),  # a Monday
            ("2026-01-05T09:00:00", True),
            ("2026-01-05T16:59:59", True),
            ("2026-01-05T17:00:00", False),
            ("2026-01-04T12:00:00", False),
        ],
    )
    def test_it_is_open_from_when_it_begins_until_its_time_is_over(self, moment: str, expected: bool) -> None:
        assert is_open(OFFICE, local(moment, BERLIN)) is expected

    def test_it_may_reach_into_the_next_day(self) -> None:
        night = window("0 22 * * *", 8)
        assert is_open(night, at("2026-01-02T05:59:59"))
        assert not is_open(night, at("2026-01-02T06:00:00"))

    @pytest.mark.parametrize("day", ["2026-03-27", "2026-03-30", "2026-10-23", "2026-10-26"])
    def test_it_goes_by_local_time_whatever_clocks_do_in_between(self, day: str) -> None:
        assert not is_open(OFFICE, local(f"{day}T08:59:59", BERLIN))
        assert is_open(OFFICE, local(f"{day}T09:00:00", BERLIN))
        assert not is_open(OFFICE, local(f"{day}T17:00:00", BERLIN))

    @pytest.mark.parametrize(
        ("night", "ends"),
        [("2026-03-28", "05:00"), ("2026-10-24", "03:00"), ("2026-06-01", "04:00")],
        ids=["clocks go forward", "clocks go back", "neither"],
    )
    def test_it_lasts_as_long_also_in_a_night_in_which_clocks_are_changed(self, night: str, ends: str) -> None:
        nightly = window("0 22 * * *", 6, BERLIN)
        began = local(f"{night}T22:00:00", BERLIN)
        over = frozen_until([nightly], began)
        assert over == began + 6 * HOUR
        assert datetime.fromtimestamp(over, ZoneInfo(BERLIN)).strftime("%H:%M") == ends


class TestSeveral:
    def test_with_none_anything_starts_at_once(self) -> None:
        assert may_start([], 0.0)
        assert frozen_until([], 0.0) is None

    def test_denied_it_waits_until_the_last_of_those_that_deny_is_over(self) -> None:
        windows = [window("0 9 * * *", 4), window("0 12 * * *", 3), window("0 16 * * *", 1)]
        assert frozen_until(windows, at("2026-01-01T10:00:00")) == at("2026-01-01T15:00:00")

    def test_where_one_allows_it_it_starts_only_within_one(self) -> None:
        windows = [allowing("0 20 * * *", 2), allowing("0 4 * * *", 1)]
        assert frozen_until(windows, at("2026-01-01T10:00:00")) == at("2026-01-01T20:00:00")
        assert frozen_until(windows, at("2026-01-01T21:59:59")) is None
        assert frozen_until(windows, at("2026-01-01T22:00:00")) == at("2026-01-02T04:00:00")

    def test_who_denies_wins(self) -> None:
        windows = [allowing("0 8 * * *", 10), window("0 9 * * *", 2)]
        assert frozen_until(windows, at("2026-01-01T08:30:00")) is None
        assert frozen_until(windows, at("2026-01-01T09:30:00")) == at("2026-01-01T11:00:00")

    def test_what_is_never_open_is_looked_at_again_later(self) -> None:
        windows = [allowing("0 9 * * *", 1), window("0 9 * * *", 2)]
        again = frozen_until(windows, at("2026-01-01T00:00:00"))
        assert again is not None
        assert again > at("2026-06-01T00:00:00")

    def test_windows_that_follow_one_another_without_a_gap_are_as_one(self) -> None:
        windows = [window("0 0 * * 6", 24, EASTERN), window("0 0 * * 0", 24, EASTERN)]
        saturday = local("2026-01-03T12:00:00", EASTERN)
        assert frozen_until(windows, saturday) == local("2026-01-05T00:00:00", EASTERN)


EXPRESSIONS = st.sampled_from(["0 9 * * 1-5", "30 1 * * *", "0 2 * * 0", "15 */6 * * *", "0 22 * * 5", "0 0 1 * *"])
WINDOWS = st.builds(
    window,
    EXPRESSIONS,
    st.sampled_from([0.5, 1, 3, 8, 24, 30]),
    st.sampled_from(["UTC", BERLIN, EASTERN, "Australia/Lord_Howe"]),
    st.booleans(),
)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 366 * 24 * 4).map(lambda quarters: (YEAR + timedelta(minutes=15 * quarters)).timestamp())
DAYS_OF_CHANGE = st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"])
AROUND = st.builds(
    lambda day, quarters: at(f"{day}T00:00:00") + quarters * 900.0, DAYS_OF_CHANGE, st.integers(-96, 192)
)


@given(WINDOWS, MOMENTS | AROUND)
@settings(max_examples=100, deadline=None)
def test_it_is_open_if_and_only_if_it_began_less_than_its_length_ago(each: Window, moment: float) -> None:
    began = latest_within(each.opens, moment - each.seconds, moment)
    assert is_open(each, moment) == (began is not None)


@given(st.lists(WINDOWS, min_size=1, max_size=3), MOMENTS | AROUND)
@settings(max_examples=60, deadline=None)
def test_it_is_frozen_until_the_very_first_moment_at_which_it_may_start(windows: list[Window], moment: float) -> None:
    until = frozen_until(windows, moment)
    if until is None:
        assert may_start(windows, moment)
        return
    assert until > moment
    assert not may_start(windows, moment)
    steps = 25
    between = [moment + (until - moment) * step / steps for step in range(steps)]
    assert not any(may_start(windows, each) for each in between if each < until)
    for each in windows:  # nothing can change but where a window opens or is over
        opened = next_after(each.opens, moment)
        if opened is not None and opened < until:
            assert not may_start(windows, opened)


@given(st.lists(WINDOWS, max_size=3), MOMENTS)
@settings(max_examples=100, deadline=None)
def test_another_window_that_denies_never_lets_more_start(windows: list[Window], moment: float) -> None:
    more = [*windows, window("0 9 * * *", 3)]
    assert may_start(windows, moment) or not may_start(more, moment)


@pytest.mark.parametrize(
    ("sources", "pipelines", "expected"),
    [
        (("*",), ("*",), True),
        (("main",), ("lending*",), True),
        (("main",), ("credit", "lending_club"), True),
        (("other",), ("*",), False),
        (("*",), ("lending",), False),
        (("*",), (), False),
        (("*",), ("LENDING*",), False),
    ],
)
def test_it_is_for_what_its_patterns_match(
    sources: tuple[str, ...], pipelines: tuple[str, ...], expected: bool
) -> None:
    each = Window(True, Trigger(Cron("0 9 * * *")), HOUR, sources, pipelines)
    assert each.is_for("main", "lending_club") is expected
