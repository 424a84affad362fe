"""What forges delivered lately, so that nobody delivers it a second time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

KEPT_SECONDS = 3600.0
MOST = 10_000


class Deliveries:
    """Remembers deliveries for an hour, and no more than so many of them: the oldest are forgotten first."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS, most: int = MOST) -> None:
        self._kept_seconds = kept_seconds
        self._most = most
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, source: str, marks: Iterable[str], now: float) -> bool:
        """Remember a delivery by what it is known by; False where any of it was seen before."""
        keys = [(source, mark) for mark in marks]
        with self._lock:
            self._forget(now)
            if any(key in self._seen for key in keys):
                return False
            self._seen.update((key, now) for key in keys)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
            return True

    def _forget(self, now: float) -> None:
        while self._seen:
            oldest = next(iter(self._seen))
            if abs(now - self._seen[oldest]) < self._kept_seconds:  # a clock that is put back keeps nothing for ever
                return
            del self._seen[oldest]
