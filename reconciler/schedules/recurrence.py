"""Recurrences: every so many minutes, hours, days, weeks or months, counted from the start."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reconciler.model.schedules import Frequency, Recurrence
from reconciler.schedules.zones import moment_of

# Where no start is given, all is counted from a Monday, the first of a year, at midnight.
ANCHOR = datetime(2001, 1, 1)
_MONTHS = 12
_PATIENCE = timedelta(days=366 * 30)  # days that were not found by then do not exist


def recurring_times(
    recurrence: Recurrence, start: datetime | None, after: datetime, where: ZoneInfo
) -> Iterator[datetime]:
    """The moments after a given one, in UTC; `start` is local time, and is not kept to here, only counted from."""
    anchor = start or ANCHOR
    if recurrence.frequency in (Frequency.MINUTE, Frequency.HOUR):
        yield from _by_elapsed_time(recurrence, moment_of(anchor, where), after)
        return
    first = after.astimezone(where).date() - timedelta(days=1)  # a gap may bring the evening before into this day
    times = _times_of_day(recurrence, anchor)
    for day in _days(recurrence, anchor.date(), first):
        for at in times:
            moment = moment_of(datetime.combine(day, at), where)
            if moment > after:
                yield moment


def _by_elapsed_time(recurrence: Recurrence, anchor: datetime, after: datetime) -> Iterator[datetime]:
    is_minute = recurrence.frequency is Frequency.MINUTE
    step = timedelta(minutes=recurrence.interval) if is_minute else timedelta(hours=recurrence.interval)
    moment = anchor + ((after - anchor) // step + 1) * step
    while True:
        yield moment
        moment += step


def _times_of_day(recurrence: Recurrence, anchor: datetime) -> list[time]:
    """The times of a day on which it fires; what is not given is the start's."""
    if not recurrence.hours and not recurrence.minutes:
        return [anchor.time()]
    hours = sorted(set(recurrence.hours)) or [anchor.hour]
    minutes = sorted(set(recurrence.minutes)) or [anchor.minute]
    return [time(hour, minute) for hour in hours for minute in minutes]


def _days(recurrence: Recurrence, anchor: date, first: date) -> Iterator[date]:
    """The days on which it fires, from `first` on; week days and days of the month narrow each other down."""
    week_days, month_days = set(recurrence.week_days), set(recurrence.month_days)
    if not week_days and not month_days:
        week_days = {anchor.weekday()} if recurrence.frequency is Frequency.WEEK else week_days
        month_days = {anchor.day} if recurrence.frequency is Frequency.MONTH else month_days
    for day in _days_of_periods(recurrence, anchor, first):
        if day > first + _PATIENCE:
            return
        is_week_day = not week_days or day.weekday() in week_days
        is_month_day = not month_days or day.day in month_days
        if day >= first and is_week_day and is_month_day:
            yield day


def _days_of_periods(recurrence: Recurrence, anchor: date, first: date) -> Iterator[date]:
    """All days of the days, weeks or months that count."""
    interval = recurrence.interval
    if recurrence.frequency is Frequency.MONTH:
        passed = (first.year - anchor.year) * _MONTHS + first.month - anchor.month
        index = (anchor.year * _MONTHS + anchor.month - 1) + passed // interval * interval
        while index // _MONTHS <= date.max.year - 1:
            year, month = index // _MONTHS, index % _MONTHS + 1
            for number in range(1, calendar.monthrange(year, month)[1] + 1):
                yield date(year, month, number)
            index += interval
        return
    length = 7 if recurrence.frequency is Frequency.WEEK else 1
    begin = anchor - timedelta(days=anchor.weekday()) if recurrence.frequency is Frequency.WEEK else anchor
    ordinal = begin.toordinal() + (first - begin).days // (length * interval) * (length * interval)
    while ordinal + length < date.max.toordinal():
        for offset in range(length):
            yield date.fromordinal(ordinal + offset)
        ordinal += length * interval
