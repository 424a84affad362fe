"""What the loop of a source does at the moment; once it is given up, it may do no more."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


class GivenUpError(Exception):
    """The loop took too long, and another one has taken its place."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, as in `is hung at …`, and since when (of the monotonic clock)."""

    what: str
    since: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since


class Progress:
    """Told before each step by the thread of the loop, asked and ended by another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._step = Step("its first step", time.monotonic())
        self._is_given_up = False

    @property
    def is_given_up(self) -> bool:
        return self._is_given_up

    @property
    def step(self) -> Step:
        return self._step

    def at(self, what: str) -> None:
        """The next step begins.

        Raises:
            GivenUpError: it may not.
        """
        with self._lock:
            if self._is_given_up:
                raise GivenUpError(f"given up before {what}")
            self._step = Step(what, time.monotonic())

    def give_up(self) -> Step:
        """Let no further step begin; returns the one that it is at."""
        with self._lock:
            self._is_given_up = True
            return self._step
