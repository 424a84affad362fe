"""What is to be recorded in MLflow and cannot be, as MLflow is away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backlog:
    """Records that wait.

    Attributes:
        number: how many.
        since: when MLflow answered no more, seconds since the epoch.
        why: what it, or the network, said last.
    """

    number: int
    since: float
    why: str
