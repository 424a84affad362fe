"""Whether windows let something start, and when they do next; times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.windows import Window
from reconciler.schedules.firing_times import next_after

_MOST_CHANGES = 500  # of windows that open and close; what is not open by then is looked at again there
_A_YEAR_SECONDS = 366 * 86_400.0


def is_open(window: Window, moment: float) -> bool:
    """Whether a window is open at a moment; it is when it opens, and is no more when its time is over."""
    began = next_after(window.opens, moment - window.seconds)
    return began is not None and began <= moment


def may_start(windows: Sequence[Window], moment: float) -> bool:
    """Whether what all of these windows are for may start: none denies it, and one allows it where any could."""
    if any(window.is_denying and is_open(window, moment) for window in windows):
        return False
    allowing = [window for window in windows if not window.is_denying]
    return not allowing or any(is_open(window, moment) for window in allowing)


def frozen_until(windows: Sequence[Window], moment: float) -> float | None:
    """When what may not start at a moment may next, None where it may at once.

    Where that is further off than can be told, the moment at which to look again.
    """
    if may_start(windows, moment):
        return None
    for _ in range(_MOST_CHANGES):
        following = [change for window in windows if (change := _next_change(window, moment)) is not None]
        if not following:
            return moment + _A_YEAR_SECONDS
        moment = min(following)
        if may_start(windows, moment):
            break
    return moment


def _next_change(window: Window, moment: float) -> float | None:
    """When a window opens or its time is over next."""
    opens = next_after(window.opens, moment)
    began = next_after(window.opens, moment - window.seconds)
    ends = None if began is None else began + window.seconds
    return min((each for each in (opens, ends) if each is not None), default=None)
