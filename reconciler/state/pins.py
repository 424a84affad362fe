"""What is held at an earlier revision."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.model.pins import Pin
from reconciler.state.database import Database, Row


class Pins:
    """The record of rollbacks; the daemon reads it at every look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Pin]:
        return [_pin_of(row) for row in self._database.rows("SELECT * FROM pins ORDER BY source, kind, name")]

    def of(self, source: str) -> list[Pin]:
        """What of a source is pinned, the source itself included."""
        rows = self._database.rows("SELECT * FROM pins WHERE source = ? ORDER BY kind, name", (source,))
        return [_pin_of(row) for row in rows]

    def pin(self, pin: Pin, now: float) -> Pin:
        """Hold something at a revision from now on, whatever it was held at before."""
        self._database.execute(
            "INSERT OR REPLACE INTO pins (source, kind, name, revision, commit_id, run_id, by_whom, since, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (pin.source, pin.kind, pin.name, pin.revision, pin.commit, pin.run, pin.by, now, pin.reason),
        )
        return next(each for each in self.of(pin.source) if (each.kind, each.name) == (pin.kind, pin.name))

    def unpin(self, pin: Pin) -> None:
        """Let go of it."""
        self._database.execute(
            "DELETE FROM pins WHERE source = ? AND kind = ? AND name = ?", (pin.source, pin.kind, pin.name)
        )


def _pin_of(row: Row) -> Pin:
    since = datetime.fromtimestamp(row["since"], UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Pin(
        row["source"],
        row["kind"],
        row["name"],
        row["revision"],
        row["commit_id"],
        row["by_whom"],
        since,
        row["reason"],
        row["run_id"],
    )
