"""The record of what was told of pull requests."""

from __future__ import annotations

from dataclasses import astuple, fields

from reconciler.model.pull_requests import ToldPullRequest
from reconciler.state.database import Database, Row

_FIELDS = tuple(field.name for field in fields(ToldPullRequest))
_SAVE = (
    f"INSERT OR REPLACE INTO pull_requests ({', '.join(_FIELDS)})"  # noqa: S608 - the columns are ours
    f" VALUES ({', '.join('?' * len(_FIELDS))})"
)


class PullRequests:
    """Those of all sources that are not over: open, or merged and not summed up yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, source: str) -> dict[int, ToldPullRequest]:
        """Those of a source, by number."""
        rows = self._database.rows("SELECT * FROM pull_requests WHERE source = ? ORDER BY number", (source,))
        return {row["number"]: _told_of(row) for row in rows}

    def save(self, told: ToldPullRequest) -> None:
        self._database.execute(_SAVE, astuple(told))

    def forget(self, told: ToldPullRequest) -> None:
        self._database.execute("DELETE FROM pull_requests WHERE source = ? AND number = ?", (told.source, told.number))


def _told_of(row: Row) -> ToldPullRequest:
    values = {name: row[name] for name in _FIELDS}
    return ToldPullRequest(**{**values, "is_refused": bool(values["is_refused"])})
