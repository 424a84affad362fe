"""Histories: the revisions of sources and the builds of environments, each once for each thing that came of it."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.runs import Run
from reconciler.state.database import Database, Row
from reconciler.state.encoding import run_of

APPLIED, REFUSED = "applied", "refused"


@dataclass(frozen=True, slots=True)
class RevisionOutcome:
    """What came of a revision of a source; times are seconds since the epoch.

    Attributes:
        trigger: what had it looked at first.
        count: how often it came to this, as it does again when the daemon is restarted.
    """

    source: str
    revision: str
    outcome: str
    trigger: str
    reason: str
    message: str
    first: float
    last: float
    count: int


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What came of the builds of an environment's digest; `started` and `ended` are of the last one."""

    engine: str
    digest: str
    status: str
    name: str
    version: str
    error: str
    first: float
    started: float
    ended: float
    count: int


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What came of a closure of a pipeline: the newest run of those that it came to the same with."""

    run: Run
    first: float
    count: int


class History:
    """What came of revisions, runs and builds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note_revision(
        self, source: str, revision: str, outcome: str, trigger: str, reason: str, message: str, now: float
    ) -> None:
        """Keep what came of a revision."""
        self._database.execute(
            "INSERT INTO revisions (source, revision, outcome, trigger_name, reason, message, first, last, change)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT COALESCE(MAX(change), 0) + 1 FROM revisions))"
            " ON CONFLICT (source, revision, outcome) DO UPDATE SET count = count + 1, reason = excluded.reason,"
            " message = excluded.message, last = excluded.last, change = excluded.change",
            (source, revision, outcome, trigger, reason, message, now, now),
        )

    def revisions(self, source: str, limit: int | None = None) -> list[RevisionOutcome]:
        """What came of the revisions of a source, the newest first."""
        rows = self._database.rows(
            "SELECT * FROM revisions WHERE source = ? ORDER BY change DESC LIMIT ?",
            (source, -1 if limit is None else limit),
        )
        return [_revision_of(row) for row in rows]

    def applied(self, revision: str) -> RevisionOutcome | None:
        """When a revision was applied, and what brought it; None where that is not known."""
        row = self._database.row(
            "SELECT * FROM revisions WHERE revision = ? AND outcome = ? ORDER BY first LIMIT 1", (revision, APPLIED)
        )
        return _revision_of(row) if row else None

    def runs(self, pipeline: str, limit: int | None = None) -> list[RunOutcome]:
        """What came of each closure of a pipeline, with the newest run of that, the newest first."""
        rows = self._database.rows(
            "SELECT runs.*, first, count FROM runs JOIN (SELECT MAX(sequence) AS newest, MIN(started) AS first,"
            " COUNT(*) AS count FROM runs WHERE pipeline = ? GROUP BY closure, status) ON newest = sequence"
            " WHERE pipeline = ? ORDER BY sequence DESC LIMIT ?",
            (pipeline, pipeline, -1 if limit is None else limit),
        )
        return [RunOutcome(run_of(row), row["first"], row["count"]) for row in rows]

    def builds(self, name: str, limit: int | None = None) -> list[BuildOutcome]:
        """What came of the builds of an environment, whatever its content was, the newest first."""
        rows = self._database.rows(
            "SELECT * FROM builds WHERE name = ? ORDER BY ended DESC LIMIT ?", (name, -1 if limit is None else limit)
        )
        return [
            BuildOutcome(**{key: row[key] for key in row.keys()})  # noqa: SIM118 - a Row iterates over values
            for row in rows
        ]


def _revision_of(row: Row) -> RevisionOutcome:
    return RevisionOutcome(
        row["source"],
        row["revision"],
        row["outcome"],
        row["trigger_name"],
        row["reason"],
        row["message"],
        row["first"],
        row["last"],
        row["count"],
    )
