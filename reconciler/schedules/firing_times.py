"""The moments at which a trigger fires; times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from reconciler.model.schedules import Cron, Trigger
from reconciler.schedules.cron import cron_times
from reconciler.schedules.recurrence import ANCHOR, recurring_times
from reconciler.schedules.zones import moment_of, zone

_PATIENCE = timedelta(days=366 * 30)  # what has not fired by then never will
_FIRST_LOOK_SECONDS = 60.0
_DAY_SECONDS = 86_400.0


def next_after(trigger: Trigger, moment: float) -> float | None:
    """The first moment strictly after the given one at which a trigger fires, None where there is none."""
    found = next(_moments(trigger, datetime.fromtimestamp(moment, UTC)), None)
    return found.timestamp() if found is not None else None


def first_of(trigger: Trigger) -> float | None:
    """The first moment at which a trigger fires, None for one that never does."""
    begin = datetime.fromisoformat(trigger.start) if trigger.start else ANCHOR
    return next_after(trigger, begin.replace(tzinfo=UTC).timestamp() - _DAY_SECONDS)


def latest_within(trigger: Trigger, after: float, until: float) -> float | None:
    """The last moment after `after` and not after `until` at which a trigger fires, None where there is none.

    Looks back from the end, further each time, so that the cost does not grow with what was missed.
    """
    window = _FIRST_LOOK_SECONDS
    while True:
        begin = max(after, until - window)
        found = next_after(trigger, begin)
        if found is not None and found <= until:
            break
        if begin <= after:
            return None
        window *= 2
    latest = found
    while (found := next_after(trigger, latest)) is not None and found <= until:
        latest = found
    return latest


def moments_within(trigger: Trigger, after: float, until: float) -> Iterator[float]:
    """All moments after `after` and not after `until` at which a trigger fires, oldest first."""
    found = (moment.timestamp() for moment in _moments(trigger, datetime.fromtimestamp(after, UTC)))
    return takewhile(lambda moment: moment <= until, found)


def trigger_time(moment: float) -> str:
    """A moment as `${{creation_context.trigger_time}}` has it: UTC, to the second."""
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _moments(trigger: Trigger, after: datetime) -> Iterator[datetime]:
    where = zone(trigger.time_zone)
    start = datetime.fromisoformat(trigger.start) if trigger.start else None
    end = moment_of(datetime.fromisoformat(trigger.end), where) if trigger.end else None
    if start is not None:
        after = max(after, moment_of(start, where) - timedelta(microseconds=1))
    if isinstance(trigger.when, Cron):
        moments = cron_times(trigger.when.expression, after, where)
    else:
        moments = recurring_times(trigger.when, start, after, where)
    last = after + _PATIENCE if end is None else min(end, after + _PATIENCE)
    return takewhile(lambda moment: moment <= last, moments)
