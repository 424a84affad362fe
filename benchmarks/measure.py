"""A measured figure beside what was promised."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One figure.

    Attributes:
        size: steps, or manifests, of the repository; 0 where the figure does not depend on one.
        target: the promise in the same unit, None where nothing was promised.
    """

    what: str
    size: int
    value: float
    unit: str
    target: float | None = None

    @property
    def is_met(self) -> bool:
        return self.target is None or self.value <= self.target


def median_ms(action: Callable[[], object], repeats: int) -> float:
    """The median time of an action, milliseconds."""
    return statistics.median(once_ms(action) for _ in range(repeats))


def once_ms(action: Callable[[], object]) -> float:
    """The time of an action, milliseconds."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000
