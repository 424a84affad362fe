"""What the turns of sources came to since the daemon began."""

from __future__ import annotations

import threading
from collections.abc import Collection

from reconciler.daemon.outcome import Outcome
from reconciler.model.plan import Plan

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)


class Turns:
    """Told of each turn in the thread of its source, asked by others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._durations: dict[str, Durations] = {}
        self._turned: set[str] = set()
        self._plans: dict[str, Plan] = {}

    def note(self, source: str, outcome: Outcome) -> None:
        """A turn is over."""
        with self._lock:
            self._turned.add(source)
            if outcome.plan is not None and not outcome.error:
                self._plans[source] = outcome.plan
            if outcome.seconds is not None:
                self._durations.setdefault(source, Durations(_BUCKETS)).add(outcome.seconds)

    def waited_for(self, sources: Collection[str]) -> set[str]:
        """Those of the sources whose first turn is not over yet."""
        with self._lock:
            return set(sources) - self._turned

    def plan(self, source: str) -> Plan | None:
        """With what the applied revision was taken up, None where this process has taken up none."""
        with self._lock:
            return self._plans.get(source)

    def durations(self, sources: Collection[str]) -> dict[str, Durations]:
        """How long the turns of these sources took."""
        with self._lock:
            return {source: told.copy() for source, told in self._durations.items() if source in sources}


class Durations:
    """How many took how long, as Prometheus counts it."""

    def __init__(self, buckets: tuple[float, ...]) -> None:
        self._bounds = buckets
        self._counts = [0] * (len(buckets) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        index = next((at for at, bound in enumerate(self._bounds) if seconds <= bound), len(self._bounds))
        self._counts[index] += 1
        self.sum += seconds

    def copy(self) -> Durations:
        made = Durations(self._bounds)
        made._counts, made.sum = list(self._counts), self.sum
        return made

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """The number of those that took at most so long, by the bound as it is written."""
        told, total = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            told.append((bound, float(total)))
        return told
