"""Figures of what ran, for those who watch them over time."""

from __future__ import annotations

from reconciler.model.runs import RunStatus, StepStatus
from reconciler.state.database import Database

_EXECUTED = f"('{StepStatus.SUCCEEDED}', '{StepStatus.FAILED}')"


class Figures:
    """Counts what ended within a time; both moments are seconds since the epoch, the latter one included."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended_runs(self, after: float, until: float) -> list[tuple[str, str, int]]:
        """Pipelines and statuses, each with how many runs ended so."""
        rows = self._database.rows(
            "SELECT pipeline, status, COUNT(*) AS number FROM runs WHERE ended > ? AND ended <= ? AND status != ?"
            " GROUP BY pipeline, status",
            (after, until, RunStatus.RUNNING),
        )
        return [(row["pipeline"], row["status"], row["number"]) for row in rows]

    def executed_steps(self, after: float, until: float) -> list[float]:
        """The seconds of steps that executed, without those of trials, which belong to theirs."""
        rows = self._database.rows(
            "SELECT ended - started AS seconds FROM steps WHERE run_id IN"  # noqa: S608 - all of it is ours
            " (SELECT id FROM runs WHERE ended IS NULL OR ended > ?)"
            f" AND trial = '' AND status IN {_EXECUTED} AND started IS NOT NULL AND ended > ? AND ended <= ?",
            (after, after, until),
        )
        return [row["seconds"] for row in rows]

    def reused_steps(self, after: float, until: float) -> list[float]:
        """The seconds that steps would have taken whose results were reused."""
        rows = self._database.rows(
            "SELECT results.seconds AS seconds FROM steps JOIN results USING (fingerprint) WHERE steps.run_id IN"
            " (SELECT id FROM runs WHERE ended IS NULL OR ended > ?)"
            " AND trial = '' AND status = ? AND ended > ? AND ended <= ?",
            (after, StepStatus.REUSED, after, until),
        )
        return [row["seconds"] for row in rows]
