"""Runs that are over but for their record, which waits for MLflow."""

from __future__ import annotations

from reconciler.state.database import Database


class WaitingRecords:
    """A note for each run whose record is not whole yet: it outlives the process that is to make it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run_id: str, since: float) -> None:
        """Keep that the record of a run waits, since then in seconds since the epoch."""
        self._database.execute("INSERT OR IGNORE INTO waiting_records (run_id, since) VALUES (?, ?)", (run_id, since))

    def made(self, run_id: str, error: str = "") -> None:
        """The record waits no more; an error says that it is not whole, where the run has none of its own."""
        with self._database.transaction():
            self._database.execute("UPDATE runs SET error = ? WHERE id = ? AND error = ''", (error, run_id))
            self._database.execute("DELETE FROM waiting_records WHERE run_id = ?", (run_id,))

    def since(self, run_id: str) -> float | None:
        """Since when the record of a run waits, seconds since the epoch; None where it does not."""
        row = self._database.row("SELECT since FROM waiting_records WHERE run_id = ?", (run_id,))
        return None if row is None else float(row["since"])

    def of_source(self, source: str) -> list[str]:
        """The runs of a source whose records wait, the oldest first."""
        rows = self._database.rows(
            "SELECT runs.id FROM waiting_records JOIN runs ON runs.id = waiting_records.run_id"
            " WHERE runs.source = ? ORDER BY runs.started, runs.sequence",
            (source,),
        )
        return [row["id"] for row in rows]

    def pipelines(self) -> frozenset[str]:
        """The pipelines of which the record of some run waits, of sources that somebody still follows."""
        rows = self._database.rows(
            "SELECT DISTINCT runs.pipeline FROM waiting_records JOIN runs ON runs.id = waiting_records.run_id"
            " WHERE runs.source IN (SELECT name FROM sources)"
        )
        return frozenset(row["pipeline"] for row in rows)
