"""When what failed is tried again: with backoff and jitter, so that nobody is asked more often the longer it fails."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.model.runs import Run, RunStatus


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast a failed closure is tried again; times in seconds.

    Attributes:
        jitter: the part by which a delay is longer at most; pipelines that failed together do not come together.
    """

    attempts: int = 3
    first_delay: float = 30.0
    factor: float = 4.0
    jitter: float = 0.1

    def delay(self, pipeline: str, attempt: int) -> float:
        """How long that attempt, from 2, waits: the same each time that it is asked, also after a restart."""
        wanted = self.first_delay * self.factor ** (attempt - 2)
        drawn = hashlib.sha256(f"{pipeline} {attempt}".encode()).digest()
        return wanted * (1 + self.jitter * drawn[0] / 255)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to try now.

    Attributes:
        attempt: the number of the attempt that is due, from 1.
        due: when it is due, seconds since the epoch; None where no further attempt is made.
        delay: seconds from the failure until then.
    """

    attempt: int
    due: float | None
    delay: float = field(default=0.0, compare=False)

    def is_due(self, now: float) -> bool:
        """Whether the time has come; a clock that was put back makes nobody wait for longer."""
        return self.due is not None and not 0 < self.due - now <= self.delay


def next_attempt(runs: Sequence[Run], policy: RetryPolicy) -> Decision:
    """What the earlier runs of a closure, the newest first, say about the next attempt."""
    counted = [run for run in runs if not run.is_superseded]
    if counted and counted[0].status is RunStatus.CANCELLED:
        return Decision(1, None)  # somebody ended it, so somebody has to ask for it
    failures = []
    for run in counted:
        if run.status is not RunStatus.FAILED:
            break
        failures.append(run)
    if not failures:
        return Decision(1, 0.0)
    if failures[0].is_for_want_of_room:  # which is no attempt; somebody, or time, makes room
        delay = policy.delay(failures[0].pipeline, 2)
        return Decision(failures[0].attempt, (failures[0].ended or failures[0].started) + delay, delay)
    attempt = failures[0].attempt + 1
    if attempt > policy.attempts:
        return Decision(attempt, None)
    delay = policy.delay(failures[0].pipeline, attempt)
    return Decision(attempt, (failures[0].ended or failures[0].started) + delay, delay)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long is waited after something failed that may well succeed the next time; times in seconds.

    Attributes:
        first: after the first failure; each further time is longer by the factor, up to `most`.
        jitter: the part by which each time is shorter or longer, so that several do not come at once.
    """

    first: float = 5.0
    most: float = 600.0
    factor: float = 2.0
    jitter: float = 0.2

    def delay(self, failures: int, chance: float) -> float:
        """How long to wait after so many failures in a row.

        Args:
            chance: from 0 to 1, by which the time varies.
        """
        wanted = self.first
        for _ in range(failures - 1):
            wanted = min(self.most, wanted * self.factor)
        return wanted * (1 + self.jitter * (2 * chance - 1))


class Tries:
    """How often one thing failed in a row, and when it is tried again; called by one thread at a time.

    Attributes:
        failures: in a row.
        due: seconds since the epoch, None where nothing failed.
    """

    def __init__(
        self, backoff: Backoff, clock: Callable[[], float], chance: Callable[[], float] = random.random
    ) -> None:
        self._backoff = backoff
        self._clock = clock
        self._chance = chance
        self.failures = 0
        self.due: float | None = None

    @property
    def is_early(self) -> bool:
        """Whether it failed and is not due yet; a clock that was put back makes nobody wait for longer."""
        if self.due is None:
            return False
        left = self.due - self._clock()
        return 0 < left <= self._backoff.most * (1 + self._backoff.jitter)

    def failed(self) -> None:
        self.failures += 1
        self.due = self._clock() + self._backoff.delay(self.failures, self._chance())

    def succeeded(self) -> None:
        """It went well, or somebody wants it tried as though it had."""
        self.failures, self.due = 0, None


def backoff_within(interval: float) -> Backoff:
    """That of something which is looked at in an interval anyway: sooner at first, and later in the end."""
    usual = Backoff()
    return Backoff(min(usual.first, interval), max(usual.most, interval))
