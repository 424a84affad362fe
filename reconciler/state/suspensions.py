"""What is held still by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.model.manifests import Kind
from reconciler.model.suspensions import SOURCE, Suspension
from reconciler.state.database import Database, Row


class Suspensions:
    """The record of what is suspended; the daemon reads it at every look, and who changes it tells the event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Suspension]:
        rows = self._database.rows("SELECT * FROM suspensions ORDER BY source, kind, name")
        return [_suspension_of(row) for row in rows]

    def of(self, source: str) -> list[Suspension]:
        """What of a source is held still, the source itself included."""
        rows = self._database.rows("SELECT * FROM suspensions WHERE source = ? ORDER BY kind, name", (source,))
        return [_suspension_of(row) for row in rows]

    def suspend(self, source: str, kind: str, name: str, by: str, reason: str, now: float) -> Suspension:
        """Hold something still; what was held still before is from now on for this reason."""
        self._database.execute(
            "INSERT OR REPLACE INTO suspensions (source, kind, name, by_whom, since, reason) VALUES (?, ?, ?, ?, ?, ?)",
            (source, kind, name, by, now, reason),
        )
        return Suspension(source, kind, name, by, _shown(now), reason)

    def resume(self, source: str, kind: str, name: str, now: float) -> None:
        """Let go of something; what schedules would have fired for meanwhile is passed over, even with no daemon."""
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM suspensions WHERE source = ? AND kind = ? AND name = ?", (source, kind, name)
            )
            if kind in (SOURCE, Kind.SCHEDULE):
                self._database.execute(
                    "UPDATE schedules SET seen = MAX(seen, ?) WHERE source = ? AND name = COALESCE(?, name)",
                    (now, source, name if kind == Kind.SCHEDULE else None),
                )


def _suspension_of(row: Row) -> Suspension:
    return Suspension(row["source"], row["kind"], row["name"], row["by_whom"], _shown(row["since"]), row["reason"])


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
