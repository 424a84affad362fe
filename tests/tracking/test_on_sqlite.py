"""Tracking in an SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.tracking.mlflow_tracking import MlflowTracking

from .conformance import MlflowConformance
from .mlflow_kind import Deadline, MlflowKind, request


@pytest.fixture(scope="module")
def kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowKind]:
    folder = tmp_path_factory.mktemp("mlflow on sqlite")
    database = folder / "mlflow.db"

    def ask(question: str, *values: str) -> int:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            answer = connection.execute(question, values).fetchone()
            connection.commit()
            return int(answer[0])

    def delete_experiment(experiment_id: str) -> None:
        ask("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = ? RETURNING 1", experiment_id)

    def children(experiment_id: str, run_id: str) -> int:
        return ask("SELECT count(*) FROM tags WHERE key = 'mlflow.parentRunId' AND value = ?", run_id)

    tracking = MlflowTracking(f"sqlite:///{database}", folder / "artifacts", folder / "mlflow.log")
    yield MlflowKind(tracking, delete_experiment, children)
    tracking.close()


class TestSqlite(MlflowConformance):
    """The conformance cases on SQLite."""


def test_an_idle_worker_ends_and_the_next_request_starts_another(kind: MlflowKind, tmp_path: Path) -> None:
    """And with it: two workers can be on one database."""
    tracking = MlflowTracking(
        kind.tracking.variables(None, "lending")["MLFLOW_TRACKING_URI"], None, tmp_path / "log", idle_seconds=0.1
    )
    run_id = tracking.start_run(request("pipeline")).result()
    first = tracking.worker_pid
    Deadline().until(lambda: tracking.worker_pid is None)
    assert tracking.finish_run(run_id, "FINISHED").result().status == "FINISHED"
    assert tracking.worker_pid != first
    tracking.close()
    assert tracking.worker_pid is None


def test_a_new_database_leaves_no_drafts_behind(kind: MlflowKind) -> None:
    uri = kind.tracking.variables(None, "lending")["MLFLOW_TRACKING_URI"]
    folder = Path(uri.removeprefix("sqlite:///")).parent
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
