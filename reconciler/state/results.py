"""Results by fingerprint: the step cache."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from reconciler.model.runs import Result
from reconciler.state.database import Database
from reconciler.state.encoding import result_of, text

_CHUNK = 500


class Results:
    """What steps gave, to be taken up again under the same fingerprint."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, result: Result, now: float) -> None:
        """Keep a result; the newest one of a fingerprint counts."""
        self._database.execute(
            "INSERT OR REPLACE INTO results (fingerprint, definition, outputs, run_id, step, mlflow_run_id, metrics,"
            " trials, hyperparameters, seconds, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                result.fingerprint,
                result.definition,
                text(dict(result.outputs)),
                result.run_id,
                result.step,
                result.mlflow_run_id,
                text(dict(result.metrics)),
                text(list(result.trials)),
                text(dict(result.hyperparameters)),
                result.seconds,
                now,
            ),
        )

    def get(self, fingerprint: str) -> Result | None:
        row = self._database.row("SELECT * FROM results WHERE fingerprint = ?", (fingerprint,))
        return result_of(row) if row else None

    def of_definitions(self, definitions: Iterable[str]) -> dict[str, Result]:
        """All results of these definitions, by fingerprint."""
        return self._chunked("definition", list(dict.fromkeys(definitions)))

    def many(self, fingerprints: Sequence[str]) -> dict[str, Result]:
        """The results that there are of these fingerprints."""
        return self._chunked("fingerprint", list(fingerprints))

    def forget(self, fingerprint: str) -> None:
        self._database.execute("DELETE FROM results WHERE fingerprint = ?", (fingerprint,))

    def holding(self, digest: str) -> list[str]:
        """The fingerprints of the results that have this among their outputs."""
        rows = self._database.rows("SELECT fingerprint, outputs FROM results WHERE instr(outputs, ?)", (digest,))
        return [row["fingerprint"] for row in rows if digest in json.loads(row["outputs"]).values()]

    def _chunked(self, column: str, values: list[str]) -> dict[str, Result]:
        found: dict[str, Result] = {}
        for start in range(0, len(values), _CHUNK):
            chunk = values[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            statement = f"SELECT * FROM results WHERE {column} IN ({marks})"  # noqa: S608 - the column is ours
            for row in self._database.rows(statement, chunk):
                found[row["fingerprint"]] = result_of(row)
        return found
