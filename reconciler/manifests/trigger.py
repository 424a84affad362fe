"""Triggers of schedules from their documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reconciler.manifests.fields import Reading
from reconciler.model.problems import Code
from reconciler.model.schedules import Cron, Frequency, Recurrence, Trigger
from reconciler.schedules.cron import cron_problem
from reconciler.schedules.firing_times import first_of
from reconciler.schedules.zones import UnknownZoneError, iana_name, zone

_WEEK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AT = ("trigger",)
_NOW_AND_THEN = (Frequency.MINUTE, Frequency.HOUR)


def trigger(written: dict[str, Any], reading: Reading) -> Trigger | None:
    """When a schedule fires; None with a problem noted where that cannot be told."""
    count = len(reading.problems)
    time_zone = _time_zone(written, reading)
    start = _local_time(written, "start_time", time_zone, reading)
    end = _local_time(written, "end_time", time_zone, reading)
    when = _cron(written, reading) if written["type"] == "cron" else _recurrence(written, reading)
    if any(problem.is_error for problem in reading.problems[count:]):
        return None
    read = Trigger(when, time_zone, start, end)
    if start and end and end < start:
        hint = "correct one of the two, or leave `end_time` out"
        message = f"it ends at {end}, before it starts at {start}"
        reading.error(Code.INVALID_VALUE, message, hint, (*_AT, "end_time"))
        return None
    if first_of(read) is None:
        reading.error(Code.INVALID_VALUE, "this trigger never fires", "correct its days, months or end", _AT)
        return None
    return read


def _time_zone(written: dict[str, Any], reading: Reading) -> str:
    name = str(written.get("time_zone") or "UTC")
    try:
        return iana_name(name)
    except UnknownZoneError as error:
        hint = f"did you mean `{error.nearest}`?" if error.nearest else "write `Europe/Berlin`, or Windows' name of it"
        reading.error(Code.INVALID_VALUE, f"there is no time zone `{name}`", hint, (*_AT, "time_zone"))
        return "UTC"


def _local_time(written: dict[str, Any], key: str, time_zone: str, reading: Reading) -> str:
    """A moment in local time; one with an offset of its own is turned into that."""
    text = written.get(key)
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(str(text).strip())
    except ValueError:
        hint = f"write `{key}: 2026-01-01T06:00:00`, in the time zone"
        reading.error(Code.INVALID_VALUE, f"`{text}` is no date and time", hint, (*_AT, key))
        return ""
    if moment.tzinfo is not None:
        moment = moment.astimezone(zone(time_zone)).replace(tzinfo=None)
    return moment.replace(fold=0, microsecond=0).isoformat()


def _cron(written: dict[str, Any], reading: Reading) -> Cron:
    expression = " ".join(str(written["expression"]).split())
    wrong = cron_problem(expression)
    if wrong:
        reading.error(Code.INVALID_VALUE, wrong[0], wrong[1], (*_AT, "expression"))
    _without_effect(written, ("frequency", "interval", "schedule"), "a cron trigger", reading)
    return Cron(expression)


def _recurrence(written: dict[str, Any], reading: Reading) -> Recurrence:
    _without_effect(written, ("expression",), "a recurrence", reading)
    frequency = Frequency(str(written["frequency"]).lower())
    pattern = written.get("schedule") or {}
    if frequency in _NOW_AND_THEN:
        if any(pattern.values()):
            hint = f"leave it out, or write `frequency: day`; it fires every {written['interval']} {frequency}s"
            message = f"the days and times of `schedule:` have no effect on a frequency of {frequency}s"
            reading.warning(Code.NO_EFFECT, message, hint, (*_AT, "schedule"))
        return Recurrence(frequency, written["interval"])
    return Recurrence(
        frequency,
        written["interval"],
        hours=_listed(pattern.get("hours")),
        minutes=_listed(pattern.get("minutes")),
        week_days=tuple(sorted({_WEEK_DAYS.index(str(day).lower()) for day in _listed(pattern.get("week_days"))})),
        month_days=_listed(pattern.get("month_days")),
    )


def _listed(written: Any) -> tuple[Any, ...]:
    """A list, or the one value that stands in place of it; in order, each once."""
    if written is None:
        return ()
    return tuple(sorted(set(written))) if isinstance(written, list) else (written,)


def _without_effect(written: dict[str, Any], keys: tuple[str, ...], what: str, reading: Reading) -> None:
    for key in keys:
        if written.get(key) is not None:
            message = f"`{key}` has no effect on {what}"
            reading.warning(Code.NO_EFFECT, message, "leave it out, or correct `type:`", (*_AT, key))
