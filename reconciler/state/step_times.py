"""How long steps took, for those who ask how long they will take."""

from __future__ import annotations

from reconciler.model.runs import StepStatus
from reconciler.state.database import Database

_NEWEST = 20


class StepTimes:
    """The executions of steps that succeeded, without those of trials, which belong to theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, pipeline: str) -> dict[str, list[tuple[str, float]]]:
        """The steps of a pipeline by name, each with definition and seconds of its newest executions, newest first."""
        rows = self._database.rows(
            "SELECT * FROM (SELECT name, definition, steps.ended - steps.started AS seconds, sequence,"
            " ROW_NUMBER() OVER (PARTITION BY name ORDER BY sequence DESC) AS place"
            " FROM runs JOIN steps ON steps.run_id = runs.id WHERE pipeline = ? AND trial = '' AND steps.status = ?"
            " AND steps.started IS NOT NULL AND steps.ended IS NOT NULL) WHERE place <= ? ORDER BY sequence DESC",
            (pipeline, StepStatus.SUCCEEDED, _NEWEST),
        )
        found: dict[str, list[tuple[str, float]]] = {}
        for row in rows:
            found.setdefault(row["name"], []).append((row["definition"], row["seconds"]))
        return found
