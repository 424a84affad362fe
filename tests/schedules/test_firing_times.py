"""When triggers fire: by local time, counted from their start, whatever clocks do."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.schedules import Cron, Frequency, Recurrence, Trigger
from reconciler.schedules.firing_times import first_of, latest_within, next_after, trigger_time
from reconciler.schedules.zones import zone

BERLIN = "Europe/Berlin"
EASTERN = "America/New_York"


def at(text: str) -> float:
    """A moment in UTC, seconds since the epoch."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def firings(trigger: Trigger, after: str, count: int) -> list[str]:
    """The next moments, in UTC."""
    moments: list[str] = []
    moment: float | None = at(after)
    while len(moments) < count:
        assert moment is not None
        moment = next_after(trigger, moment)
        if moment is None:
            break
        moments.append(trigger_time(moment)[:16])
    return moments


def local(trigger: Trigger, after: str, count: int) -> list[str]:
    """The next moments, in the trigger's own time."""
    where = zone(trigger.time_zone)
    return [
        datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(where).strftime("%a %d %b %H:%M")
        for text in firings(trigger, after, count)
    ]


class TestCron:
    def test_it_fires_strictly_after_the_moment(self) -> None:
        daily = Trigger(Cron("30 6 * * *"))
        assert firings(daily, "2026-01-01T06:29:59", 2) == ["2026-01-01T06:30", "2026-01-02T06:30"]
        assert firings(daily, "2026-01-01T06:30:00", 1) == ["2026-01-02T06:30"]
        assert next_after(daily, at("2026-01-01T06:29:59") + 0.5) == at("2026-01-01T06:30:00")

    @pytest.mark.parametrize("sunday", ["0", "7", "SUN", "sun"])
    def test_sunday_is_0_and_7(self, sunday: str) -> None:
        assert local(Trigger(Cron(f"0 9 * * {sunday}")), "2026-01-01T00:00", 1) == ["Sun 04 Jan 09:00"]

    def test_working_days_are_1_to_5(self) -> None:
        fired = local(Trigger(Cron("0 9 * * 1-5")), "2026-01-01T12:00", 3)
        assert fired == ["Fri 02 Jan 09:00", "Mon 05 Jan 09:00", "Tue 06 Jan 09:00"]

    def test_a_day_of_the_month_or_of_the_week_is_enough_where_both_are_given(self) -> None:
        fired = local(Trigger(Cron("0 9 13 * 5")), "2026-01-01T12:00", 4)
        assert fired == ["Fri 02 Jan 09:00", "Fri 09 Jan 09:00", "Tue 13 Jan 09:00", "Fri 16 Jan 09:00"]

    def test_the_31st_passes_over_short_months(self) -> None:
        fired = local(Trigger(Cron("0 0 31 * *")), "2026-01-01T00:00", 3)
        assert fired == ["Sat 31 Jan 00:00", "Tue 31 Mar 00:00", "Sun 31 May 00:00"]

    def test_it_goes_by_local_time_in_summer_and_in_winter(self) -> None:
        assert firings(Trigger(Cron("30 6 1 1,7 *"), BERLIN), "2026-01-01T00:00", 2) == [
            "2026-01-01T05:30",
            "2026-07-01T04:30",
        ]


class TestDaylightSaving:
    """Berlin: 2:00 becomes 3:00 on 29 March 2026, and 3:00 becomes 2:00 on 25 October."""

    def test_a_local_time_that_does_not_exist_fires_at_the_next_that_does(self) -> None:
        fired = local(Trigger(Cron("30 2 * * *"), BERLIN), "2026-03-28T00:00", 3)
        assert fired == ["Sat 28 Mar 02:30", "Sun 29 Mar 03:00", "Mon 30 Mar 02:30"]

    def test_several_in_the_gap_are_one(self) -> None:
        fired = local(Trigger(Cron("*/15 2 * * *"), BERLIN), "2026-03-28T23:00", 2)
        assert fired == ["Sun 29 Mar 03:00", "Mon 30 Mar 02:00"]

    def test_one_that_occurs_twice_fires_the_first_time_only(self) -> None:
        nightly = Trigger(Cron("30 2 * * *"), BERLIN)
        assert firings(nightly, "2026-10-24T12:00", 2) == ["2026-10-25T00:30", "2026-10-26T01:30"]

    def test_several_that_occur_twice_fire_the_first_time_only(self) -> None:
        assert firings(Trigger(Cron("*/30 2 * * *"), BERLIN), "2026-10-24T12:00", 3) == [
            "2026-10-25T00:00",
            "2026-10-25T00:30",
            "2026-10-26T01:00",
        ]

    def test_what_fires_in_every_hour_goes_by_the_hours_that_pass(self) -> None:
        hourly = Trigger(Cron("0 * * * *"), BERLIN)
        assert firings(hourly, "2026-10-24T23:30", 3) == ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"]
        assert firings(hourly, "2026-03-29T00:30", 2) == ["2026-03-29T01:00", "2026-03-29T02:00"]

    @pytest.mark.parametrize("frequency", [Frequency.DAY, Frequency.WEEK, Frequency.MONTH])
    def test_recurrences_of_days_keep_to_local_time_too(self, frequency: Frequency) -> None:
        trigger = Trigger(Recurrence(frequency, 1, (2,), (30,), month_days=(29,)), BERLIN)
        if frequency is Frequency.WEEK:
            trigger = Trigger(Recurrence(frequency, 1, (2,), (30,), week_days=(6,)), BERLIN)
        assert firings(trigger, "2026-03-28T12:00", 1) == ["2026-03-29T01:00"]

    def test_recurrences_of_hours_count_the_hours_that_pass(self) -> None:
        trigger = Trigger(Recurrence(Frequency.HOUR, 12), BERLIN, start="2026-03-28T12:00:00")
        assert local(trigger, "2026-03-28T00:00", 3) == ["Sat 28 Mar 12:00", "Sun 29 Mar 00:00", "Sun 29 Mar 13:00"]

    def test_a_day_that_was_left_out_altogether_fires_when_it_is_over(self) -> None:
        trigger = Trigger(Cron("0 12 30 12 *"), "Pacific/Apia")
        assert local(trigger, "2011-12-01T00:00", 1) == ["Sat 31 Dec 00:00"]


class TestRecurrence:
    def test_minutes_are_counted_from_the_start(self) -> None:
        trigger = Trigger(Recurrence(Frequency.MINUTE, 25), start="2026-01-01T10:05:00")
        assert firings(trigger, "2026-01-01T10:40", 2) == ["2026-01-01T10:55", "2026-01-01T11:20"]

    def test_without_a_start_they_are_counted_from_midnight(self) -> None:
        assert firings(Trigger(Recurrence(Frequency.MINUTE, 15)), "2026-01-01T10:07", 2) == [
            "2026-01-01T10:15",
            "2026-01-01T10:30",
        ]
        assert firings(Trigger(Recurrence(Frequency.DAY, 1)), "2026-01-01T10:07", 1) == ["2026-01-02T00:00"]

    def test_the_start_itself_is_the_first(self) -> None:
        trigger = Trigger(Recurrence(Frequency.DAY, 1), EASTERN, start="2026-02-01T08:30:00")
        assert local(trigger, "2026-01-01T00:00", 2) == ["Sun 01 Feb 08:30", "Mon 02 Feb 08:30"]

    def test_every_third_day_is_counted_from_the_start(self) -> None:
        trigger = Trigger(Recurrence(Frequency.DAY, 3), start="2026-02-27T08:30:00")
        assert local(trigger, "2026-02-28T00:00", 2) == ["Mon 02 Mar 08:30", "Thu 05 Mar 08:30"]

    def test_hours_and_minutes_are_every_one_of_these_with_every_one_of_those(self) -> None:
        trigger = Trigger(Recurrence(Frequency.DAY, 1, (6, 18), (0, 30)))
        assert [text[11:] for text in firings(trigger, "2026-01-01T00:00", 4)] == ["06:00", "06:30", "18:00", "18:30"]

    def test_every_second_week_on_two_days(self) -> None:
        trigger = Trigger(Recurrence(Frequency.WEEK, 2, (9,), (0,), week_days=(0, 4)), start="2026-01-07T00:00:00")
        assert local(trigger, "2026-01-01T00:00", 4) == [
            "Fri 09 Jan 09:00",
            "Mon 19 Jan 09:00",
            "Fri 23 Jan 09:00",
            "Mon 02 Feb 09:00",
        ]

    def test_a_week_without_days_has_that_of_the_start(self) -> None:
        trigger = Trigger(Recurrence(Frequency.WEEK, 1), start="2026-01-07T07:15:00")
        assert local(trigger, "2026-01-08T00:00", 1) == ["Wed 14 Jan 07:15"]

    def test_months_pass_over_those_that_are_too_short(self) -> None:
        trigger = Trigger(Recurrence(Frequency.MONTH, 1, (6,), (0,), month_days=(15, 31)))
        assert local(trigger, "2026-01-20T00:00", 4) == [
            "Sat 31 Jan 06:00",
            "Sun 15 Feb 06:00",
            "Sun 15 Mar 06:00",
            "Tue 31 Mar 06:00",
        ]

    def test_every_third_month_is_counted_from_the_start(self) -> None:
        trigger = Trigger(Recurrence(Frequency.MONTH, 3), start="2025-11-05T06:00:00")
        assert local(trigger, "2025-12-01T00:00", 2) == ["Thu 05 Feb 06:00", "Tue 05 May 06:00"]

    def test_days_of_the_week_and_of_the_month_narrow_each_other_down(self) -> None:
        friday_13 = Trigger(Recurrence(Frequency.MONTH, 1, (9,), (0,), week_days=(4,), month_days=(13,)))
        assert local(friday_13, "2026-01-01T00:00", 3) == ["Fri 13 Feb 09:00", "Fri 13 Mar 09:00", "Fri 13 Nov 09:00"]

    def test_one_that_never_fires_says_so(self) -> None:
        trigger = Trigger(Recurrence(Frequency.MONTH, 12, month_days=(30,)), start="2026-02-01T00:00:00")
        assert first_of(trigger) is None


class TestStartAndEnd:
    def test_nothing_fires_before_the_start_or_after_the_end(self) -> None:
        trigger = Trigger(Cron("0 6 * * *"), BERLIN, start="2026-01-03T06:00:00", end="2026-01-05T06:00:00")
        assert local(trigger, "2025-01-01T00:00", 9) == ["Sat 03 Jan 06:00", "Sun 04 Jan 06:00", "Mon 05 Jan 06:00"]
        assert next_after(trigger, at("2026-01-05T05:00:00")) is None

    def test_the_first_is_known_without_a_clock(self) -> None:
        assert first_of(Trigger(Cron("0 6 * * *"), start="2026-01-03T07:00:00")) == at("2026-01-04T06:00:00")
        assert first_of(Trigger(Cron("0 6 * * *"), end="1999-01-01T00:00:00")) is None


class TestWhatWasMissed:
    def test_the_last_of_several_counts(self) -> None:
        hourly = Trigger(Cron("0 * * * *"))
        assert latest_within(hourly, at("2026-01-01T00:00"), at("2026-01-02T11:20")) == at("2026-01-02T11:00")

    def test_one_at_the_very_end_counts_and_one_at_the_begin_does_not(self) -> None:
        daily = Trigger(Cron("0 6 * * *"))
        assert latest_within(daily, at("2026-01-01T06:00"), at("2026-01-02T06:00")) == at("2026-01-02T06:00")
        assert latest_within(daily, at("2026-01-01T06:00"), at("2026-01-02T05:59")) is None


_ZONES = st.sampled_from(["UTC", BERLIN, EASTERN, "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
_CRONS = st.builds(
    lambda minute, hour, day, month, weekday: Cron(f"{minute} {hour} {day} {month} {weekday}"),
    st.sampled_from(["0", "30", "*/15", "5,35", "*"]),
    st.sampled_from(["*", "2", "1-3", "*/6", "0,23"]),
    st.sampled_from(["*", "1", "15", "31", "*/10"]),
    st.sampled_from(["*", "3", "10", "*/4"]),
    st.sampled_from(["*", "0", "7", "1-5"]),
)
_RECURRENCES = st.builds(
    Recurrence,
    st.sampled_from(Frequency),
    st.integers(1, 40),
    st.lists(st.integers(0, 23), max_size=3).map(tuple),
    st.lists(st.integers(0, 59), max_size=3).map(tuple),
    st.lists(st.integers(0, 6), max_size=3).map(tuple),
    st.lists(st.integers(1, 31), max_size=3).map(tuple),
)
_LOCAL_TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0).isoformat()
)
_TRIGGERS = st.builds(
    lambda when, where, start, end: Trigger(when, where, *sorted([start, end]) if start and end else (start, end)),
    _CRONS | _RECURRENCES,
    _ZONES,
    st.just("") | _LOCAL_TIMES,
    st.just("") | _LOCAL_TIMES,
)
_MOMENTS = st.floats(at("2019-01-01T00:00"), at("2031-01-01T00:00"))


@given(_TRIGGERS, _MOMENTS)
def test_the_next_is_strictly_later_and_within_start_and_end(trigger: Trigger, moment: float) -> None:
    found = next_after(trigger, moment)
    if found is None:
        return
    assert found > moment
    where = zone(trigger.time_zone)
    seen = datetime.fromtimestamp(found, UTC).astimezone(where).replace(tzinfo=None).isoformat()
    assert not trigger.start or seen >= trigger.start
    assert not trigger.end or seen <= trigger.end


@given(_TRIGGERS, _MOMENTS, st.floats(0, 1))
def test_there_is_nothing_between_a_moment_and_the_next(trigger: Trigger, moment: float, share: float) -> None:
    found = next_after(trigger, moment)
    if found is not None:
        between = moment + (found - moment) * share
        assert between >= found or next_after(trigger, between) == found


@given(_TRIGGERS, _MOMENTS, st.floats(0, 5e6))
def test_the_latest_is_the_last_of_all_that_were_missed(trigger: Trigger, after: float, length: float) -> None:
    until = after + min(length, 1e5 if trigger.when == Recurrence(Frequency.MINUTE, 1) else length)
    latest = latest_within(trigger, after, until)
    if latest is None:
        assert (next_after(trigger, after) or until + 1) > until
        return
    assert after < latest <= until
    assert (next_after(trigger, latest) or until + 1) > until


@given(_RECURRENCES, _ZONES, _LOCAL_TIMES)
def test_intervals_are_counted_from_the_start(recurrence: Recurrence, where: str, start: str) -> None:
    seconds = {Frequency.MINUTE: 60, Frequency.HOUR: 3600}.get(recurrence.frequency)
    if seconds is None:
        return
    trigger = Trigger(recurrence, where, start)
    first = first_of(trigger)
    assert first is not None
    moments = [first]
    while len(moments) < 4:
        following = next_after(trigger, moments[-1])
        assert following is not None
        moments.append(following)
    assert {later - earlier for earlier, later in pairwise(moments)} == {seconds * recurrence.interval}
