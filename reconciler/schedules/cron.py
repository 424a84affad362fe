"""Cron expressions: checked field by field, and the local times that they mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from reconciler.schedules.zones import moment_of

_ANY_DAY = datetime(2000, 1, 1)
_SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of week", "0 (or 7) for Sunday to 6 for Saturday, or SUN to SAT"),
)
_HOUR = 1


def cron_problem(expression: str) -> tuple[str, str] | None:
    """What is wrong with an expression, and how to mend it; None where nothing is."""
    written = expression.strip()
    shorthand = _SHORTHANDS.get(written.lower())
    if shorthand is not None:
        return f"`{written}` is no cron expression of five fields", f'write `expression: "{shorthand}"`'
    fields = written.split()
    if len(fields) != len(_FIELDS):
        named = ", ".join(name for name, _ in _FIELDS)
        return f"`{written}` has {len(fields)} fields, not five", f"write {named}: `30 6 * * 1-5`"
    for index, (name, allowed) in enumerate(_FIELDS):
        alone = ["*"] * len(_FIELDS)
        alone[index] = fields[index]
        if not _is_understood(" ".join(alone)):
            message = f"`{fields[index]}` is not understood as the {name} of `{written}`"
            return message, f"write numbers from {allowed}, `*`, `1,2`, `1-5` or `*/2`"
    if not _is_understood(written):
        return f"`{written}` never fires: no such month has such a day", "correct the day or the month"
    return None


def _is_understood(expression: str) -> bool:
    try:
        CronSim(expression, _ANY_DAY)
    except CronSimError:
        return False
    return True


def cron_times(expression: str, after: datetime, where: ZoneInfo) -> Iterator[datetime]:
    """The moments after a given one at which an expression fires, in UTC.

    It goes by local time. Only one that fires in every hour goes by the hours that pass, be they 23 or 25 in a day.
    """
    if expression.split()[_HOUR] == "*":
        for moment in CronSim(expression, after.astimezone(where)):
            yield moment.astimezone(UTC)
        return
    for local in CronSim(expression, after.astimezone(where).replace(tzinfo=None, fold=0)):
        moment = moment_of(local, where)
        if moment > after:
            yield moment
