"""Runs and their steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.model.events import event_of_end, event_of_start
from reconciler.model.runs import RegisteredModel, Run, RunStatus, StepRun
from reconciler.model.steps import Definition
from reconciler.state.database import Database
from reconciler.state.encoding import (
    definition_of,
    definition_text,
    lock_text,
    model_of,
    model_row,
    run_of,
    step_of,
    step_row,
    text,
)
from reconciler.state.events import Events

_RUN_COLUMNS = (  # without the lock, which takes longer to read than all else of a run
    "id, sequence, pipeline, source, revision, closure, status, trigger_name, started, ended, experiment, "
    "mlflow_run_id, reasons, error, restored_from, attempt"
)
_STEP_COLUMNS = (
    "run_id, name, trial, position, kind, status, fingerprint, definition, inputs, outputs, reasons, started, ended, "
    "mlflow_run_id, metrics, hyperparameters, reused_from, handle, log, error, failure, attempt"
)
_SAVE_STEP = (
    f"INSERT OR REPLACE INTO steps ({_STEP_COLUMNS}) "  # noqa: S608 - the columns are ours
    f"VALUES ({', '.join(f':{name.strip()}' for name in _STEP_COLUMNS.split(','))})"
)
_CHUNK = 500
_GOOD = f"('{RunStatus.SUCCEEDED}', '{RunStatus.RESTORED}')"


class Runs:
    """The record of what ran."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def start(self, run: Run) -> Run:
        """Keep a new run; its id becomes `<pipeline>-<number>`."""
        with self._database.transaction():
            row = self._database.row(
                "SELECT COALESCE(MAX(sequence), 0) + 1 AS next FROM runs WHERE pipeline = ?", (run.pipeline,)
            )
            number = row["next"] if row else 1
            started = replace(run, id=f"{run.pipeline}-{number}")
            self._database.execute(
                f"INSERT INTO runs ({_RUN_COLUMNS}, lock)"  # noqa: S608 - the columns are ours
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    started.id,
                    number,
                    run.pipeline,
                    run.source,
                    run.revision,
                    run.closure,
                    run.status,
                    run.trigger,
                    run.started,
                    run.ended,
                    run.experiment,
                    run.mlflow_run_id,
                    text(list(run.reasons)),
                    run.error,
                    run.restored_from,
                    run.attempt,
                    lock_text(run.lock),
                ),
            )
            self._events.record([event_of_start(started)], run.started)
        return started

    def update(self, run: Run) -> None:
        """Keep what may change of a run: status, end, error, MLflow run."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE runs SET status = ?, ended = ?, error = ?,"
                " mlflow_run_id = COALESCE(NULLIF(?, ''), mlflow_run_id) WHERE id = ?",
                (run.status, run.ended, run.error, run.mlflow_run_id, run.id),
            )
            if run.status not in (RunStatus.RUNNING, RunStatus.RESTORED):  # which is told when it starts
                self._events.record([event_of_end(run)], run.started if run.ended is None else run.ended)

    def name_in_mlflow(self, run_id: str, mlflow_run_id: str) -> None:
        """Keep what a run is called in MLflow, whether or not it is over by now."""
        self._database.execute("UPDATE runs SET mlflow_run_id = ? WHERE id = ?", (mlflow_run_id, run_id))

    def get(self, run_id: str) -> Run | None:
        """A run with its lock; those that are read as several come without."""
        row = self._database.row("SELECT * FROM runs WHERE id = ?", (run_id,))
        return run_of(row, row["lock"]) if row else None

    def recent(self, pipeline: str | None = None, limit: int = 20) -> list[Run]:
        """The newest runs first."""
        rows = self._database.rows(
            f"SELECT {_RUN_COLUMNS} FROM runs WHERE pipeline = COALESCE(?, pipeline)"  # noqa: S608
            " ORDER BY started DESC, sequence DESC LIMIT ?",
            (pipeline, limit),
        )
        return [run_of(row) for row in rows]

    def current(self, pipeline: str) -> Run | None:
        """The run whose results count: the newest that succeeded or was restored."""
        row = self._database.row(
            f"SELECT {_RUN_COLUMNS} FROM runs WHERE pipeline = ? AND status IN {_GOOD}"  # noqa: S608
            " ORDER BY sequence DESC LIMIT 1",
            (pipeline,),
        )
        return run_of(row) if row else None

    def with_closure(self, pipeline: str, closure: str) -> list[Run]:
        """All runs of exactly this, the newest first."""
        rows = self._database.rows(
            f"SELECT {_RUN_COLUMNS} FROM runs WHERE pipeline = ? AND closure = ? ORDER BY sequence DESC",  # noqa: S608
            (pipeline, closure),
        )
        return [run_of(row) for row in rows]

    def running(self) -> list[Run]:
        rows = self._database.rows(
            f"SELECT {_RUN_COLUMNS} FROM runs WHERE status = ? ORDER BY started",  # noqa: S608
            (RunStatus.RUNNING,),
        )
        return [run_of(row) for row in rows]

    def handles(self, source: str | None = None) -> frozenset[str]:
        """The engine's handles of all that executes, in runs that are under way: of one source, or of all."""
        rows = self._database.rows(
            "SELECT handle FROM steps JOIN runs ON runs.id = steps.run_id"
            " WHERE runs.status = ? AND handle != '' AND runs.source = COALESCE(?, runs.source)",
            (RunStatus.RUNNING, source),
        )
        return frozenset(row["handle"] for row in rows)

    def steps(self, run_id: str) -> list[StepRun]:
        """The steps of a run in the order of the graph, each followed by its trials."""
        rows = self._database.rows(
            "SELECT * FROM steps WHERE run_id = ? ORDER BY position, CAST(trial AS INTEGER)", (run_id,)
        )
        return [step_of(row) for row in rows]

    def step_summaries(self, run_id: str) -> dict[str, StepRun]:
        """The steps of a run by name, without trials."""
        rows = self._database.rows("SELECT * FROM steps WHERE run_id = ? AND trial = ''", (run_id,))
        return {row["name"]: step_of(row) for row in rows}

    def save_steps(self, steps: Iterable[tuple[StepRun, int]]) -> None:
        """Keep steps with their positions in the graph, all or none."""
        self._database.execute_many(_SAVE_STEP, [step_row(step, position) for step, position in steps])

    def save_definitions(self, definitions: Iterable[Definition]) -> None:
        """Keep definitions and the files of their code, to explain later differences."""
        kept = {definition.digest: definition for definition in definitions}
        with self._database.transaction():
            self._database.execute_many(
                "INSERT OR IGNORE INTO definitions (digest, body) VALUES (?, ?)",
                [(digest, definition_text(definition)) for digest, definition in kept.items()],
            )
            self._database.execute_many(
                "INSERT OR IGNORE INTO code_trees (tree, files) VALUES (?, ?)",
                [(kept_.code.tree, text(dict(kept_.code.files))) for kept_ in kept.values() if kept_.code],
            )

    def definitions(self, digests: Iterable[str]) -> dict[str, Definition]:
        """Those definitions that are kept, by digest."""
        bodies = self._chosen("definitions", "digest", "body", digests)
        trees = {code[1] for body in bodies.values() if (code := json.loads(body)["code"])}
        files = {tree: json.loads(kept) for tree, kept in self._chosen("code_trees", "tree", "files", trees).items()}
        return {digest: definition_of(body, files) for digest, body in bodies.items()}

    def _chosen(self, table: str, key: str, value: str, wanted: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        keys = list(dict.fromkeys(wanted))
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            statement = f"SELECT {key}, {value} FROM {table} WHERE {key} IN ({marks})"  # noqa: S608 - all names are ours
            found.update((row[key], row[value]) for row in self._database.rows(statement, chunk))
        return found

    def note_metrics(self, step: StepRun, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a step that ended before they were known."""
        body = text(dict(metrics))
        with self._database.transaction():
            self._database.execute(
                "UPDATE steps SET metrics = ? WHERE run_id = ? AND name = ? AND trial = ?",
                (body, step.run_id, step.name, step.trial),
            )
            self._database.execute(
                "UPDATE results SET metrics = ? WHERE fingerprint = ? AND run_id = ?",
                (body, step.fingerprint, step.run_id),
            )

    def save_models(self, models: Iterable[RegisteredModel]) -> None:
        self._database.execute_many(
            "INSERT OR REPLACE INTO models"
            " (run_id, name, version, aliases, mlflow_run_id, semver, metric_name, metric, commit_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [model_row(model) for model in models],
        )

    def models(self, run_id: str) -> list[RegisteredModel]:
        rows = self._database.rows("SELECT * FROM models WHERE run_id = ? ORDER BY name, version", (run_id,))
        return [model_of(row) for row in rows]

    def model_names(self) -> list[str]:
        """All models that were ever registered."""
        return [row["name"] for row in self._database.rows("SELECT DISTINCT name FROM models ORDER BY name")]

    def models_of(self, pipeline: str) -> list[RegisteredModel]:
        """What the runs of a pipeline registered, the newest run first."""
        rows = self._database.rows(
            "SELECT models.* FROM models JOIN runs ON runs.id = models.run_id WHERE runs.pipeline = ?"
            " ORDER BY runs.sequence DESC, models.name, models.version",
            (pipeline,),
        )
        return [model_of(row) for row in rows]

    def models_named(self, name: str) -> list[RegisteredModel]:
        """All versions of a registered model, the newest run first."""
        rows = self._database.rows(
            "SELECT models.* FROM models JOIN runs ON runs.id = models.run_id WHERE models.name = ?"
            " ORDER BY runs.started DESC",
            (name,),
        )
        return [model_of(row) for row in rows]
