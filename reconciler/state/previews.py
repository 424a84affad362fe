"""The record of the previews of open pull requests."""

from __future__ import annotations

from reconciler.model.previews import Preview
from reconciler.state.database import Database, Row
from reconciler.state.results import Results


class Previews:
    """Which there are, each with the commit that was asked for last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, preview: Preview) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO previews (source, number, commit_id, base_commit, asked_by, since)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (preview.source, preview.number, preview.commit, preview.base, preview.by, preview.since),
        )

    def get(self, source: str, number: int) -> Preview | None:
        row = self._database.row("SELECT * FROM previews WHERE source = ? AND number = ?", (source, number))
        return _preview_of(row) if row else None

    def of(self, source: str) -> tuple[Preview, ...]:
        """Those of a source, by number."""
        rows = self._database.rows("SELECT * FROM previews WHERE source = ? ORDER BY number", (source,))
        return tuple(map(_preview_of, rows))

    def share(self, preview: Preview) -> None:
        """Its pull request is merged: let all take up what it gave."""
        with self._database.transaction():
            Results(self._database, preview.name).share()
            self._forget(preview)

    def drop(self, preview: Preview) -> None:
        """Its pull request is closed: forget it with what it gave."""
        with self._database.transaction():
            Results(self._database, preview.name).drop()
            self._forget(preview)

    def _forget(self, preview: Preview) -> None:
        self._database.execute("DELETE FROM previews WHERE source = ? AND number = ?", (preview.source, preview.number))


def _preview_of(row: Row) -> Preview:
    return Preview(row["source"], row["number"], row["commit_id"], row["base_commit"], row["asked_by"], row["since"])
