"""The record of revisions that wait for a run to end, so that a restart forgets none."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.waiting_revisions import SkippedRevision, WaitingRevision
from reconciler.state.database import Database, Row
from reconciler.state.encoding import lock_of, lock_text
from reconciler.state.events import Events

SKIPPED = "RevisionSkipped"


class WaitingRevisions:
    """Who waits, in the order in which they came."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def of(self, source: str) -> dict[str, tuple[WaitingRevision, ...]]:
        """Those of a source, by pipeline."""
        found: dict[str, tuple[WaitingRevision, ...]] = {}
        rows = self._database.rows("SELECT * FROM waiting_revisions WHERE source = ? ORDER BY number", (source,))
        for waiting in map(_waiting_of, rows):
            found[waiting.pipeline] = (*found.get(waiting.pipeline, ()), waiting)
        return found

    def of_pipeline(self, pipeline: str) -> list[WaitingRevision]:
        """Those of a pipeline, whatever its source."""
        rows = self._database.rows("SELECT * FROM waiting_revisions WHERE pipeline = ? ORDER BY number", (pipeline,))
        return [_waiting_of(row) for row in rows]

    def join(self, waiting: WaitingRevision, why: str, now: float) -> None:
        """Keep one that came last; `why` it waits is told as an event, unless it is ""."""
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO waiting_revisions"
                " (source, pipeline, revision, commit_id, closure, trigger_name, since, lock)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    waiting.source,
                    waiting.pipeline,
                    waiting.revision,
                    waiting.commit,
                    waiting.closure,
                    waiting.trigger,
                    waiting.since,
                    lock_text(waiting.lock),
                ),
            )
            if why:
                message = f"{waiting.revision} waits: {why}"
                self._events.record([_event(waiting, EventType.NORMAL, "RevisionWaits", message)], now)

    def leave(self, waiting: Iterable[WaitingRevision]) -> None:
        """Forget those that wait no more."""
        self._database.execute_many(
            "DELETE FROM waiting_revisions WHERE number = ?", [(each.number,) for each in waiting]
        )

    def skip(self, skipped: Iterable[SkippedRevision], now: float) -> None:
        """Forget those that will not run, and say so."""
        gone = list(skipped)
        with self._database.transaction():
            self.leave(each.waiting for each in gone)
            self._events.record(
                (
                    _event(
                        each.waiting,
                        EventType.WARNING if each.is_loss else EventType.NORMAL,
                        SKIPPED,
                        f"skipped {each.waiting.revision}: {each.why}",
                    )
                    for each in gone
                ),
                now,
            )


def _event(waiting: WaitingRevision, kind: EventType, reason: str, message: str) -> Event:
    return Event(waiting.source, str(Kind.PIPELINE), waiting.pipeline, kind, reason, message, waiting.revision)


def _waiting_of(row: Row) -> WaitingRevision:
    return WaitingRevision(
        row["source"],
        row["pipeline"],
        row["revision"],
        row["commit_id"],
        row["closure"],
        row["trigger_name"],
        row["since"],
        lock_of(row["lock"]),
        row["number"],
    )
