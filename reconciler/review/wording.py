"""Words for lengths of time and counts, the same in a terminal and in a comment."""

from __future__ import annotations

from reconciler.planning.expected_time import PipelineTime, StepTime

_EXACT = 600  # seconds: of what takes longer nobody counts them


def counted(count: int, what: str) -> str:
    """A number with what is counted, such as `1 step` and `2 steps`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def length(seconds: float) -> str:
    """A length of time in at most two units."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    if seconds < _EXACT:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} d"


def step_time_said(time: StepTime | None) -> str:
    """What a step took before: the median, and from where to where."""
    if time is None:
        return "unknown"
    note = "" if time.is_same else ", as it was before"
    if time.count == 1:
        return f"{length(time.median)} (once{note})"
    return f"{length(time.median)} ({length(time.shortest)}–{length(time.longest)}, {time.count} times{note})"


def pipeline_time_said(time: PipelineTime) -> str:
    """What a run may take: as long as somebody waits for it, and the work in it where that is more."""
    if not time.steps:
        return "nothing executes"
    if all(each is None for each in time.steps.values()):
        return "unknown"
    told = _range(time.wall, time.most_wall)
    work = _range(time.work, time.most_work)
    if work != told:
        told += f", {work} of work"
    return f"{told}, {counted(len(time.unknown), 'step')} unknown" if time.unknown else told


def _range(least: float, most: float) -> str:
    low, high = length(least), length(most)
    return low if low == high else f"{low} to {high}"
