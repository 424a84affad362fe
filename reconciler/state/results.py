"""Results by fingerprint: the step cache."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.runs import Result
from reconciler.state.database import Database
from reconciler.state.encoding import result_of, text

_CHUNK = 500


class Results:
    """What steps gave, to be taken up again under the same fingerprint.

    Args:
        apart: the preview that takes up what all do, and whose own results no other takes up; "" for none.
    """

    def __init__(self, database: Database, apart: str = "") -> None:
        self._database = database
        self._apart = apart

    def save(self, result: Result, now: float) -> None:
        """Keep a result; the newest one of a fingerprint counts."""
        self._database.execute(
            "INSERT OR REPLACE INTO results (fingerprint, apart, definition, outputs, run_id, step, mlflow_run_id,"
            " metrics, trials, hyperparameters, seconds, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                result.fingerprint,
                result.apart or self._apart,
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
        return self.many([fingerprint]).get(fingerprint)

    def of_definitions(self, definitions: Iterable[str]) -> dict[str, Result]:
        """All results of these definitions, by fingerprint."""
        return self._chunked("definition", list(dict.fromkeys(definitions)))

    def many(self, fingerprints: Sequence[str]) -> dict[str, Result]:
        """The results that there are of these fingerprints."""
        return self._chunked("fingerprint", list(fingerprints))

    def move_runs(self, moved: Mapping[str, str]) -> None:
        """Let results name other runs of MLflow, by those that they name now."""
        self._database.execute_many(
            "UPDATE results SET mlflow_run_id = ? WHERE mlflow_run_id = ?",
            [(to, run_id) for run_id, to in moved.items()],
        )

    def forget(self, fingerprint: str) -> None:
        """Forget it for all: what it gave is gone."""
        self._database.execute("DELETE FROM results WHERE fingerprint = ?", (fingerprint,))

    def holding(self, digest: str) -> list[str]:
        """The fingerprints of the results that have this among their outputs."""
        rows = self._database.rows("SELECT fingerprint, outputs FROM results WHERE instr(outputs, ?)", (digest,))
        return [row["fingerprint"] for row in rows if digest in json.loads(row["outputs"]).values()]

    def share(self) -> None:
        """Let all take up what was kept apart; what is known to all already stays as it is."""
        with self._database.transaction():
            self._database.execute("UPDATE OR IGNORE results SET apart = '' WHERE apart = ?", (self._apart,))
            self.drop()

    def drop(self) -> None:
        """Forget what was kept apart."""
        if self._apart:
            self._database.execute("DELETE FROM results WHERE apart = ?", (self._apart,))

    def _chunked(self, column: str, values: list[str]) -> dict[str, Result]:
        found: dict[str, Result] = {}
        for start in range(0, len(values), _CHUNK):
            chunk = values[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            statement = (  # what all take up comes last, and counts
                f"SELECT * FROM results WHERE {column} IN ({marks})"  # noqa: S608 - the column is ours
                " AND apart IN ('', ?) ORDER BY apart DESC"
            )
            for row in self._database.rows(statement, (*chunk, self._apart)):
                found[row["fingerprint"]] = result_of(row)
        return found
