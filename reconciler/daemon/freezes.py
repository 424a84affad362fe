"""Pipelines whose runs may not start at the moment, by the windows of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from reconciler.model.windows import Window
from reconciler.schedules.windows import frozen_until, may_start

_FOR_GOOD = "frozen for good: the windows of the configuration never let it start"


class Freezes:
    """Windows as they are for one source; what was computed holds until its moment comes."""

    def __init__(self, windows: Sequence[Window], source: str, clock: Callable[[], float]) -> None:
        self._windows = windows
        self._source = source
        self._clock = clock
        self._computed: dict[str, tuple[float, float]] = {}

    def until(self, pipeline: str) -> float | None:
        """When runs of a pipeline may start, None where they may now."""
        windows = self._for(pipeline)
        if not windows:
            return None
        now = self._clock()
        since, until = self._computed.get(pipeline, (now, now))
        if since <= now < until:
            return until
        found = frozen_until(windows, now)
        if found is not None:
            self._computed[pipeline] = (now, found)
        return found

    def why(self, pipeline: str) -> str:
        """Why no run of a pipeline starts now, "" where one may."""
        until = self.until(pipeline)
        if until is None:
            return ""
        return frozen(until) if may_start(self._for(pipeline), until) else _FOR_GOOD

    def _for(self, pipeline: str) -> list[Window]:
        return [window for window in self._windows if window.is_for(self._source, pipeline)]


def frozen(until: float) -> str:
    """What is said of it."""
    shown = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"frozen until {shown}"
