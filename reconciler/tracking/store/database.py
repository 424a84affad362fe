"""MLflow's SQLite file, made once and whole, before a step can look for it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from pathlib import Path
from typing import Any

from mlflow.tracking.client import MlflowClient
from sqlalchemy import event
from sqlalchemy.engine import Engine


def prepare_database(database: Path, artifact_root: Path) -> None:
    """Make the file if it is not there, and write to it without waiting for the disk at every step."""
    artifact_root.mkdir(parents=True, exist_ok=True)
    os.chdir(artifact_root)  # where the experiment `Default` of a new database gets its artifacts
    if not database.exists():
        _make(database)
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    event.listen(Engine, "connect", _synchronise_at_checkpoints)


def _make(database: Path) -> None:
    """Make the tables in a file aside, which then appears under its name: no other process sees half a schema.

    MLflow's migration is neither safe against a race with another spelling of the URI nor against a kill.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    draft = database.with_name(f".{database.name}-{uuid.uuid4().hex}")
    whole = draft.with_suffix(".whole")
    try:
        MlflowClient(tracking_uri=f"sqlite:///{draft}").search_experiments(max_results=1)
        # A copy, since the store above keeps the draft open for as long as this process lives.
        with contextlib.closing(sqlite3.connect(draft)) as made, contextlib.closing(sqlite3.connect(whole)) as copy:
            made.backup(copy)
        whole.chmod(_mode_of_new_files())
        with contextlib.suppress(FileExistsError):
            database.hardlink_to(whole)
    finally:
        draft.unlink(missing_ok=True)
        whole.unlink(missing_ok=True)


def _mode_of_new_files() -> int:
    """What our umask leaves; SQLite itself never lets a group write."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _synchronise_at_checkpoints(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
