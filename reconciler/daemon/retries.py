"""When a failed pipeline is tried again: with backoff, a few times, then only when something changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.runs import Run, RunStatus


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast a failed closure is tried again; times in seconds."""

    attempts: int = 3
    first_delay: float = 30.0
    factor: float = 4.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to try now.

    Attributes:
        attempt: the number of the attempt that is due, from 1.
        due: when it is due, seconds since the epoch; None where no further attempt is made.
    """

    attempt: int
    due: float | None


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
    attempt = failures[0].attempt + 1
    if attempt > policy.attempts:
        return Decision(attempt, None)
    delay = policy.first_delay * policy.factor ** (attempt - 2)
    return Decision(attempt, (failures[0].ended or failures[0].started) + delay)
