"""What a schedule is to fire for now, and what it missed; times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from reconciler.model.schedules import CatchUp, Lateness, Trigger
from reconciler.schedules.firing_times import latest_within, moments_within, next_after

ON_TIME_SECONDS = 300.0  # what starts later than this was missed, and says so
MOST_COUNTED = 1000
_INSTANT_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is due of a schedule.

    Attributes:
        moment: the one that it fires for, None where all that was due is too old.
        missed: how many before it were due and are not made up for, `MOST_COUNTED` for that many or more.
        first_missed: the oldest of those.
        last_missed: the newest of those.
        following: how many after it are due as well and are made up for after it, counted likewise.
    """

    moment: float | None
    missed: int = 0
    first_missed: float = 0.0
    last_missed: float = 0.0
    following: int = 0


def overdue(trigger: Trigger, lateness: Lateness, seen: float, now: float, has_waited: bool = False) -> Overdue | None:
    """What is due of all that was not seen to yet, None where nothing is.

    Args:
        seen: the moment up to which everything was seen to.
        has_waited: whether it was found on time, and only had to wait.
    """
    first = next_after(trigger, seen)
    if first is None or first > now:
        return None
    oldest = max(seen, now - _deadline(lateness, has_waited))
    if lateness.catch_up is CatchUp.ALL:
        moment = next_after(trigger, oldest)
        moment = moment if moment is not None and moment <= now else None
    else:
        moment = latest_within(trigger, oldest, now)
    following = 0
    if moment is not None and lateness.catch_up is CatchUp.ALL:
        following = _count(trigger, moment, now)
    last = latest_within(trigger, seen, now if moment is None else moment - _INSTANT_SECONDS)
    if last is None:
        return Overdue(moment, following=following)
    return Overdue(moment, _count(trigger, seen, last), first, last, following)


def _deadline(lateness: Lateness, has_waited: bool) -> float:
    if lateness.deadline_seconds is not None:
        return lateness.deadline_seconds
    return ON_TIME_SECONDS if lateness.catch_up is CatchUp.NONE and not has_waited else float("inf")


def _count(trigger: Trigger, after: float, until: float) -> int:
    return sum(1 for _ in islice(moments_within(trigger, after, until), MOST_COUNTED))
