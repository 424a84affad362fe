"""How fast a receiver is told: no faster than it wishes, and slower the longer it does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model.notifications import Rate


class Bucket:
    """Holds as many permissions as may be used at once; one comes back at a time."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left = float(rate.count)
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Use a permission; returns 0, or the seconds until there is one."""
        if self._at is not None:  # a clock that is put back gives nothing
            self._left += max(now - self._at, 0.0) * self._rate.count / self._rate.seconds
        self._left, self._at = min(self._left, float(self._rate.count)), now
        if self._left >= 1.0 - 1e-9:
            self._left -= 1.0
            return 0.0
        return (1.0 - self._left) * self._rate.seconds / self._rate.count


@dataclass(frozen=True, slots=True)
class Patience:
    """When what failed is tried again; times in seconds."""

    first: float = 5.0
    factor: float = 2.0
    longest: float = 900.0
    in_all: float = 24 * 3600.0

    def delay(self, attempts: int, jitter: Callable[[], float], after: float = 0.0) -> float:
        """How long to wait after so many attempts: half of it certainly, and no shorter than the receiver wants.

        Args:
            jitter: gives numbers from 0 to 1.
        """
        whole = min(self.first * self.factor ** min(attempts - 1, 30), self.longest)
        varied = whole * (0.5 + jitter() / 2)
        return after + varied / 10 if after > varied else varied
