"""Tracking in MLflow: an SQLite file of our own, or a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from reconciler.model.errors import TrackingAwayError
from reconciler.tracking.base import (
    NO_METRICS,
    NOTHING,
    ModelDetails,
    ModelMark,
    ModelRequest,
    ModelVersion,
    RunData,
    RunRequest,
)
from reconciler.tracking.protocol import (
    details_from_json,
    histories_from_json,
    marks_as_json,
    model_request_as_json,
    run_data_from_json,
    run_request_as_json,
    versions_as_json,
    versions_from_json,
)
from reconciler.tracking.sharing import UMASK, share
from reconciler.tracking.store.tags import STEP_RUN
from reconciler.tracking.uri import parse_tracking_uri
from reconciler.tracking.worker_process import QUIET, STEP_PATIENCE, WorkerProcess
from reconciler.tracking.worker_queue import WorkerQueue


class MlflowTracking:
    """MLflow behind a worker process, so that this process never imports it and never waits for it.

    Args:
        uri: `sqlite:///FILE` or `http(s)://HOST`, credentials allowed (they reach MLflow by the environment).
        artifact_root: below it lie the artifacts of new experiments where the URI is SQLite; by default `artifacts`
            beside the database. A server decides for itself.
        log: what MLflow has to say.
        idle_seconds: after so long without a request the worker ends; the next request starts another.

        group: shares a record in a file with steps of this group, where we are root and they are not.

    Raises:
        TrackingError: the URI is neither of the two.
    """

    def __init__(
        self, uri: str, artifact_root: Path | None, log: Path, idle_seconds: float = 60, group: int | None = None
    ) -> None:
        self._uri = parse_tracking_uri(uri)
        root = artifact_root.absolute() if artifact_root else None
        self.folders = _folders(self._uri.database, root)
        if group is not None:
            share(self.folders, group)
        self._process = WorkerProcess(self._uri, root, log, umask=UMASK if group is not None and self.folders else -1)
        self._queue = WorkerQueue(self._process, idle_seconds, str(log))
        self._experiments: dict[str, str] = {}

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, None while there is none."""
        return self._process.pid

    def variables(self, run_id: str | None, experiment: str) -> Mapping[str, str]:
        """See `Tracking.variables`. Once this returns, the database's tables exist."""
        if experiment not in self._experiments:
            try:
                self._queue.ask("experiment", {"experiment": experiment}, self._remember(experiment)).result()
            except TrackingAwayError:
                if not run_id:
                    raise  # a run knows its experiment itself
        known = self._experiments.get(experiment)
        variables = {
            "MLFLOW_TRACKING_URI": self._uri.address,
            "MLFLOW_EXPERIMENT_NAME": experiment,
            **({"MLFLOW_EXPERIMENT_ID": known} if known else {}),
            **({} if self._uri.database else STEP_PATIENCE),
            **self._uri.credentials,
            **QUIET,
        }
        if not run_id:
            return variables
        # MLflow puts these tags on every run that the step makes beside the one it is given.
        return variables | {"MLFLOW_RUN_ID": run_id, "MLFLOW_RUN_CONTEXT": json.dumps({STEP_RUN: run_id})}

    def start_run(self, request: RunRequest) -> Future[str]:
        return self._queue.ask("start_run", run_request_as_json(request), self._remember(request.experiment))

    def finish_run(
        self,
        run_id: str,
        status: str,
        metrics: Mapping[str, float] = NO_METRICS,
        tags: Mapping[str, str] = NOTHING,
        ended: float | None = None,
    ) -> Future[RunData]:
        arguments = {"run_id": run_id, "status": status, "metrics": dict(metrics), "tags": dict(tags), "ended": ended}
        return self._queue.ask("finish_run", arguments, run_data_from_json)

    def copy_run(self, source_run_id: str, request: RunRequest) -> Future[str]:
        arguments = {"source": source_run_id, "request": run_request_as_json(request)}
        return self._queue.ask("copy_run", arguments, self._remember(request.experiment))

    def carry_over(self, spool: str, run_id: str, ids: Mapping[str, str], is_filled: bool) -> Future[tuple[str, bool]]:
        """Make a run of another record here, and fill it if it has ended; the id that it has here, and if all is there.

        Args:
            spool: the URI of that record, a file.
            ids: the ids that other runs of that record have here, by theirs there.
            is_filled: whether it is to be filled as well.
        """
        arguments = {"spool": spool, "run_id": run_id, "ids": dict(ids), "is_filled": is_filled}
        return self._queue.ask("carry_over", arguments, lambda said: (said["run_id"], said["is_whole"]))

    def is_spooled(self, run_id: str) -> bool:  # noqa: ARG002
        return False

    def settle(self, run_id: str) -> Future[str]:
        future: Future[str] = Future()
        future.set_result(run_id)
        return future

    def histories(self, run_ids: Sequence[str], metric: str) -> Future[Mapping[str, tuple[float, ...]]]:
        return self._queue.ask("histories", {"run_ids": list(run_ids), "metric": metric}, histories_from_json)

    def missing(self, run_ids: Sequence[str]) -> Future[frozenset[str]]:
        return self._queue.ask("missing", {"run_ids": list(run_ids)}, frozenset)

    def log_artifacts(self, run_id: str, folder: Path) -> Future[None]:
        return self._queue.ask("log_artifacts", {"run_id": run_id, "folder": str(folder)}, lambda _: None)

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        return self._queue.ask(
            "register_model", model_request_as_json(wanted), lambda said: versions_from_json(said)[0]
        )

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:
        return self._queue.ask("registered", {"run_ids": list(run_ids), "below": below}, versions_from_json)

    def versions_of(self, names: Sequence[str]) -> Future[tuple[ModelVersion, ...]]:
        return self._queue.ask("versions_of", {"names": list(names)}, versions_from_json)

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:
        return self._queue.ask("holders", {"alias": alias, "names": list(names)}, dict)

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        return self._queue.ask("details", {"versions": versions_as_json(versions)}, details_from_json)

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:
        return self._queue.ask("mark", {"marks": marks_as_json(marks)}, lambda _: None)

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:
        return self._queue.ask("set_aliases", {"versions": versions_as_json(versions)}, lambda _: None)

    def flush(self) -> None:
        self._queue.flush()

    def close(self) -> None:
        self._queue.close()

    def _remember(self, experiment: str) -> Callable[[Mapping[str, str]], str]:
        """Read an answer with a run's id, and keep the experiment's id for `variables`."""

        def read(said: Mapping[str, str]) -> str:
            self._experiments[experiment] = said["experiment_id"]
            return said["run_id"]

        return read


def _folders(database: Path | None, artifact_root: Path | None) -> tuple[Path, ...]:
    """Where a record in a file lies; none for a server."""
    if database is None:
        return ()
    artifacts = artifact_root or database.parent / "artifacts"
    is_within = artifacts.is_relative_to(database.parent)
    return (database.parent,) if is_within else (database.parent, artifacts)
