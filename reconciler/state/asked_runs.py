"""Which runs somebody asked for, and with which inputs."""

from __future__ import annotations

import json

from reconciler.model.asked_runs import AskedRun
from reconciler.state.database import Database
from reconciler.state.encoding import text


class AskedRuns:
    """The record of one-off runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, asked: AskedRun) -> None:
        self._database.execute(
            "INSERT INTO asked_runs (run_id, request, pipeline, by_whom, inputs) VALUES (?, ?, ?, ?, ?)",
            (run_id, asked.request, asked.pipeline, asked.by, text(dict(asked.inputs))),
        )

    def of_run(self, run_id: str) -> AskedRun | None:
        """What a run was asked for as, None where nobody asked for it."""
        row = self._database.row("SELECT * FROM asked_runs WHERE run_id = ?", (run_id,))
        if row is None:
            return None
        inputs = tuple(json.loads(row["inputs"]).items())
        return AskedRun(row["pipeline"], row["by_whom"], inputs, request=row["request"])

    def started_by(self, request: str) -> str:
        """The run that a request started, "" where it started none."""
        row = self._database.row("SELECT run_id FROM asked_runs WHERE request = ?", (request,)) if request else None
        return row["run_id"] if row else ""
