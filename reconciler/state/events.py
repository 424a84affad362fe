"""Events: what happened lately, each thing once with how often it did; the oldest are dropped."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.events import Event, EventType
from reconciler.state.database import Database, Row

KEPT = 10_000
_SLACK = 500  # so many more may be there before the oldest are dropped
_LONGEST_MESSAGE = 2_000
_RECORD = (
    "INSERT INTO events (source, kind, name, type, reason, message, revision, run_id, first, last, change, news)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, name, source, reason, message) DO UPDATE SET count = count + 1, type = excluded.type,"
    " revision = excluded.revision, run_id = excluded.run_id, last = excluded.last, change = excluded.change,"
    # The same words once more are no news, unless something else happened to the resource in between.
    " news = CASE WHEN EXISTS (SELECT 1 FROM events AS other WHERE other.kind = excluded.kind"
    " AND other.name = excluded.name AND other.source = excluded.source AND other.change > events.change)"
    " THEN excluded.change ELSE events.news END"
)
_OF = "kind = COALESCE(?, kind) AND name = COALESCE(?, name) AND source = COALESCE(?, source)"


class Events:
    """The record of events; written in the transaction of what they tell."""

    def __init__(self, database: Database, kept: int = KEPT) -> None:
        self._database = database
        self._kept = kept
        self._room = 0  # how many may still be written before it is looked whether there are too many

    def record(self, events: Iterable[Event], now: float) -> None:
        """Keep what happened now; what was said before in the same words is counted."""
        happened = list(events)
        if not happened:
            return
        with self._database.transaction():
            newest = self.newest()
            self._database.execute_many(
                _RECORD,
                [
                    (
                        each.source,
                        each.kind,
                        each.name,
                        each.type,
                        each.reason,
                        each.message[:_LONGEST_MESSAGE],
                        each.revision,
                        each.run_id,
                        now,
                        now,
                        change,
                        change,
                    )
                    for change, each in enumerate(happened, start=newest + 1)
                ],
            )
            self._room -= len(happened)
            if self._room <= 0:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._database.execute(
            "DELETE FROM events WHERE change <= (SELECT change FROM events ORDER BY change DESC LIMIT 1 OFFSET ?)",
            (self._kept,),
        )
        self._room = _SLACK

    def newest(self) -> int:
        """The number of the newest change, 0 before the first."""
        row = self._database.row("SELECT COALESCE(MAX(change), 0) AS newest FROM events")
        return row["newest"] if row else 0

    def recent(
        self,
        kind: str | None = None,
        name: str | None = None,
        source: str | None = None,
        since: float = 0.0,
        limit: int = KEPT,
    ) -> list[Event]:
        """The newest events of a resource, or of all, the oldest first; `since` counts what happened last."""
        rows = self._database.rows(
            f"SELECT * FROM events WHERE {_OF} AND last >= ? ORDER BY change DESC LIMIT ?",  # noqa: S608
            (kind, name, source, since, limit),
        )
        return [_event_of(row) for row in reversed(rows)]

    def after(self, change: int, kind: str | None = None, name: str | None = None) -> list[Event]:
        """What was written after a change, in the order in which it was."""
        rows = self._database.rows(
            f"SELECT * FROM events WHERE change > ? AND {_OF} ORDER BY change",  # noqa: S608
            (change, kind, name, None),
        )
        return [_event_of(row) for row in rows]

    def newest_news(self) -> int:
        """The number of the newest change that is news, 0 before the first."""
        row = self._database.row("SELECT COALESCE(MAX(news), 0) AS newest FROM events")
        return row["newest"] if row else 0

    def news_after(self, change: int) -> list[Event]:
        """What is news since a change, in the order in which it became so; a mere repetition is none."""
        rows = self._database.rows("SELECT * FROM events WHERE news > ? ORDER BY news", (change,))
        return [_event_of(row) for row in rows]


def _event_of(row: Row) -> Event:
    return Event(
        row["source"],
        row["kind"],
        row["name"],
        EventType(row["type"]),
        row["reason"],
        row["message"],
        row["revision"],
        row["run_id"],
        row["id"],
        row["first"],
        row["last"],
        row["count"],
        row["change"],
        row["news"],
    )
