"""Who needs what is kept, read from the record as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.model.asked_runs import ONE_OFF
from reconciler.model.manifests import Kind
from reconciler.model.previews import of_preview
from reconciler.model.runs import Result, Run, RunStatus
from reconciler.state.database import Database
from reconciler.state.encoding import result_of
from reconciler.state.results import Results
from reconciler.state.runs import Runs

_REFERRED = (
    "SELECT run_id FROM models UNION SELECT run_id FROM data_assets UNION SELECT run_id FROM results"
    " UNION SELECT run_id FROM schedules WHERE run_id != '' UNION SELECT run_id FROM waiting_records"
)


@dataclass
class Uses:
    """Where a content is named; times are seconds since the epoch.

    Attributes:
        pipelines: whose runs wrote or read it.
    """

    used: float = 0.0
    pipelines: set[str] = field(default_factory=set)

    def add(self, moment: float, pipeline: str) -> None:
        self.used = max(self.used, moment)
        self.pipelines.add(pipeline)


class Usage:
    """Reads everything at once: for `gc`, not for the loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._results = Results(database)

    def contents(self) -> dict[str, Uses]:
        """All contents that runs or results name, by digest."""
        found: dict[str, Uses] = {}
        rows = self._database.rows(
            "SELECT steps.inputs, steps.outputs, runs.pipeline, COALESCE(steps.ended, runs.started) AS moment"
            " FROM steps JOIN runs ON runs.id = steps.run_id"
        )
        for row in rows:
            for digest in (*json.loads(row["inputs"]).values(), *json.loads(row["outputs"]).values()):
                found.setdefault(digest, Uses()).add(row["moment"], row["pipeline"])
        made = self._database.rows(
            "SELECT outputs, created, pipeline FROM results LEFT JOIN runs ON runs.id = results.run_id"
        )
        for row in made:
            for digest in json.loads(row["outputs"]).values():
                found.setdefault(digest, Uses()).add(row["created"], row["pipeline"] or "")
        return found

    def named_by(self, run_ids: Iterable[str], are_under_way: bool = False) -> set[str]:
        """The contents that runs wrote and read, with the trials that they were chosen from.

        Args:
            are_under_way: they may take up any result of what they execute.
        """
        named: set[str] = set()
        fingerprints: set[str] = set()
        definitions: set[str] = set()
        for run_id in run_ids:
            rows = self._database.rows(
                "SELECT inputs, outputs, fingerprint, definition FROM steps WHERE run_id = ?", (run_id,)
            )
            for row in rows:
                named.update(json.loads(row["inputs"]).values(), json.loads(row["outputs"]).values())
                fingerprints.add(row["fingerprint"])
                definitions.add(row["definition"])
        results = list(self._results.many(sorted(fingerprints)).values())
        if are_under_way:
            results.extend(self._results.of_definitions(sorted(definitions)).values())
        trials = self._results.many(sorted({trial for result in results for trial in result.trials}))
        for result in (*results, *trials.values()):
            named.update(result.outputs.values())
        return named

    def definitions(self, run_ids: Iterable[str]) -> set[str]:
        """The digests of the definitions of the steps of runs."""
        return {
            row["definition"]
            for run_id in run_ids
            for row in self._database.rows("SELECT DISTINCT definition FROM steps WHERE run_id = ?", (run_id,))
        }

    def important_runs(self) -> tuple[dict[str, list[str]], list[str]]:
        """The current and the newest run of each pipeline, by pipeline, and those that are under way.

        A run whose record waits counts as under way: what it left is still to be told.
        """
        of_pipelines: dict[str, list[str]] = {}
        for status in ("", f"WHERE status IN ('{RunStatus.SUCCEEDED}', '{RunStatus.RESTORED}')"):
            rows = self._database.rows(
                f"SELECT id, pipeline, MAX(sequence) FROM runs {status} GROUP BY pipeline"  # noqa: S608 - all ours
            )
            for row in rows:
                of_pipelines.setdefault(row["pipeline"], []).append(row["id"])
        under_way = self._database.rows(
            "SELECT id FROM runs WHERE status = ? OR id IN (SELECT run_id FROM waiting_records)", (RunStatus.RUNNING,)
        )
        return of_pipelines, [row["id"] for row in under_way]

    def pruned_pipelines(self) -> set[str]:
        """Those that ran for a source which does not hold them any more, nor a schedule that ran them."""
        rows = self._database.rows(
            "SELECT DISTINCT pipeline FROM runs WHERE source IN (SELECT name FROM sources)"
            " AND pipeline NOT IN (SELECT name FROM resources WHERE kind = ?)"
            " AND pipeline NOT IN (SELECT name || ? FROM resources WHERE kind = ?)"
            " AND pipeline NOT IN (SELECT runs.pipeline FROM scheduled_runs"
            " JOIN runs ON runs.id = scheduled_runs.run_id JOIN schedules"
            " ON schedules.name = scheduled_runs.schedule AND schedules.source = runs.source)",
            (Kind.PIPELINE, f"@{ONE_OFF}", Kind.PIPELINE),
        )
        open_previews = {row["number"] for row in self._database.rows("SELECT number FROM previews")}
        named = {row["pipeline"]: of_preview(row["pipeline"]) for row in rows}
        return {name for name, preview in named.items() if preview is None or preview[1] not in open_previews}

    def registered(self) -> set[str]:
        """The contents of registered data and models: a version keeps its content."""
        return {row["digest"] for row in self._database.rows("SELECT digest FROM data_assets")}

    def referred_runs(self) -> set[str]:
        """The runs that made what is still known."""
        return {row["run_id"] for row in self._database.rows(_REFERRED)}

    def all_runs(self, runs: Runs) -> list[Run]:
        """The newest of each pipeline first."""
        return sorted(runs.recent(limit=-1), key=lambda run: (run.pipeline, -_number(run.id)))

    def results_holding(self, digests: Iterable[str]) -> list[Result]:
        """The results that have one of these among their outputs."""
        wanted = set(digests)
        rows = self._database.rows("SELECT * FROM results")
        return [result_of(row) for row in rows if wanted.intersection(json.loads(row["outputs"]).values())]

    def remove_runs(self, run_ids: Iterable[str]) -> None:
        """Remove runs with all that belongs to them."""
        ids = [(run_id,) for run_id in run_ids]
        with self._database.transaction():
            for table, column in self._children():
                self._database.execute_many(f"DELETE FROM {table} WHERE {column} = ?", ids)  # noqa: S608 - from the schema
            self._database.execute_many("DELETE FROM runs WHERE id = ?", ids)

    def _children(self) -> list[tuple[str, str]]:
        """The tables that refer to runs, with the column that does."""
        tables = self._database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [
            (table["name"], key["from"])
            for table in tables
            for key in self._database.rows(f"PRAGMA foreign_key_list({table['name']})")
            if key["table"] == "runs"
        ]


def _number(run_id: str) -> int:
    return int(run_id.rpartition("-")[2])
