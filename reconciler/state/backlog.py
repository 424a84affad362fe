"""What waits for MLflow, in a line."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.model.backlog import Backlog


def told(backlog: Backlog) -> str:
    """How much waits, and since when, for a person."""
    many = "1 record waits" if backlog.number == 1 else f"{backlog.number} records wait"
    return f"MLflow is away since {moment(backlog.since)}, and {many} for it"


def moment(seconds: float) -> str:
    """A moment in UTC, of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
