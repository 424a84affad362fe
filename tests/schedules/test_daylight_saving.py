"""Clocks that are put forward and back, in zones that do so at different times of the day and by different amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from reconciler.model.schedules import Cron, Frequency, Recurrence, Trigger
from reconciler.schedules.firing_times import moments_within, next_after
from reconciler.schedules.zones import zone

# zone, the local day, what is written for it, and the moment in UTC
GAPS = [
    ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00"),
    ("Europe/London", "2026-03-29", "01:30", "2026-03-29T01:00"),
    ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00"),
    ("America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00"),  # midnight is what is left out
    ("America/Santiago", "2026-09-06", "00:30", "2026-09-06T04:00"),
    ("Australia/Sydney", "2026-10-04", "02:30", "2026-10-03T16:00"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),  # by half an hour
    ("Asia/Kolkata", "2026-03-29", "02:30", "2026-03-28T21:00"),  # never
]
FOLDS = [
    ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),
    ("Europe/London", "2026-10-25", "01:30", "2026-10-25T00:30"),
    ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
    ("America/St_Johns", "2026-11-01", "01:30", "2026-11-01T04:00"),
    ("America/Sao_Paulo", "2018-02-17", "23:30", "2018-02-18T01:30"),  # into the day before
    ("Australia/Sydney", "2026-04-05", "02:30", "2026-04-04T15:30"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),
    ("Asia/Kolkata", "2026-10-25", "02:30", "2026-10-24T21:00"),
]
ZONES = sorted({name for name, *_ in (*GAPS, *FOLDS)})


def local(day: str, time: str, where: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone(where))


def fired_around(trigger: Trigger, moment: datetime) -> list[str]:
    """All firings from thirty hours before a moment to thirty hours after it, in UTC."""
    moments = moments_within(trigger, moment.timestamp() - 30 * 3600, moment.timestamp() + 30 * 3600)
    return [datetime.fromtimestamp(moment, UTC).isoformat()[:16] for moment in moments]


def daily(time: str, where: str) -> list[Trigger]:
    """The two ways to write once a day."""
    hour, minute = map(int, time.split(":"))
    return [
        Trigger(Cron(f"{minute} {hour} * * *"), where),
        Trigger(Recurrence(Frequency.DAY, 1, (hour,), (minute,)), where),
    ]


@pytest.mark.parametrize(("where", "day", "time", "moment"), [*GAPS, *FOLDS])
def test_once_a_day_is_once_on_the_day_that_clocks_are_put(where: str, day: str, time: str, moment: str) -> None:
    before = (local(day, time, where) - timedelta(days=1)).astimezone(UTC).isoformat()[:16]
    after = (local(day, time, where) + timedelta(days=1)).astimezone(UTC).isoformat()[:16]
    for trigger in daily(time, where):
        around = fired_around(trigger, datetime.fromisoformat(f"{moment}Z"))
        assert around == [before, moment, after]


@pytest.mark.parametrize("where", ZONES)
@pytest.mark.parametrize("time", ["00:00", "00:30", "01:30", "02:15", "02:30", "23:30"])
def test_no_day_of_a_year_is_left_out_or_fires_twice(where: str, time: str) -> None:
    begin = local("2026-01-01", "00:00", where)
    for trigger in daily(time, where):
        moments = moments_within(trigger, begin.timestamp() - 1, begin.replace(year=2027).timestamp() - 1)
        days = [datetime.fromtimestamp(moment, zone(where)).date() for moment in moments]
        assert days == [begin.date() + timedelta(days=number) for number in range(365)]


@pytest.mark.parametrize(("where", "day"), [(where, day) for where, day, *_ in (*GAPS, *FOLDS)])
def test_with_any_hour_it_fires_whenever_a_clock_shows_that_minute(where: str, day: str) -> None:
    begin = int(local(day, "00:00", where).timestamp() - 3600)
    for minutes in ("0", "*/15", "7,45"):
        trigger = Trigger(Cron(f"{minutes} * * * *"), where)
        wanted = {"0": {0}, "*/15": {0, 15, 30, 45}, "7,45": {7, 45}}[minutes]
        shown = [
            moment
            for moment in range(begin, begin + 28 * 3600, 60)
            if datetime.fromtimestamp(moment, zone(where)).minute in wanted
        ]
        assert list(moments_within(trigger, begin - 1, begin + 28 * 3600 - 1)) == shown


@pytest.mark.parametrize(("where", "day"), [(where, day) for where, day, *_ in (*GAPS, *FOLDS)])
def test_every_so_many_hours_are_hours_that_pass(where: str, day: str) -> None:
    trigger = Trigger(Recurrence(Frequency.HOUR, 6), where, start=f"{day}T00:00:00")
    first = next_after(trigger, local(day, "00:00", where).timestamp() - 86_400)
    assert first is not None
    moments = list(takewhile(lambda moment: moment < first + 172_800, moments_within(trigger, first - 1, first + 1e6)))
    assert moments == [first + 6 * 3600 * number for number in range(8)]
