"""Tracking on a server that may be away: what steps log meanwhile goes to a record of our own, and over to it later."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

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
from reconciler.tracking.mlflow_tracking import MlflowTracking

T = TypeVar("T")
_MEMORY_SECONDS = 2.0  # for which a server that did not answer is not asked again
_WHOLE, _OPENED = "whole", "opened"


class SpooledTracking:
    """A server, and the spool beside it: a record in a file for runs that are urgent while the server is away.

    A run of the spool keeps its id for those who know it; here it is replaced by the server's once there is one.

    Args:
        spool: the folder of the spool, on the same machine as the steps.
        log: what MLflow has to say.
    """

    def __init__(self, uri: str, spool: Path, log: Path) -> None:
        self._server = MlflowTracking(uri, None, log)
        self._spool_uri = f"sqlite:///{spool / 'mlflow.db'}"
        self._spool = MlflowTracking(self._spool_uri, spool / "artifacts", log)
        self._ledger = spool / "runs.json"
        self._runs = _read(self._ledger)
        self._lock = threading.RLock()
        self._away_until = 0.0
        self._why = ""
        self.folders: tuple[Path, ...] = ()

    def is_spooled(self, run_id: str) -> bool:
        """See `Tracking.is_spooled`."""
        return run_id in self._runs and self._runs[run_id][1] != _WHOLE

    def settle(self, run_id: str) -> Future[str]:
        """See `Tracking.settle`."""
        return _future(lambda: self._ids([run_id])[run_id])

    def variables(self, run_id: str | None, experiment: str) -> Mapping[str, str]:
        """See `Tracking.variables`."""
        if run_id and self.is_spooled(run_id):
            return self._spool.variables(run_id, experiment)
        return self._server.variables(self._runs.get(run_id or "", (run_id,))[0], experiment)

    def start_run(self, request: RunRequest) -> Future[str]:
        return _future(lambda: self._start(request))

    def finish_run(
        self,
        run_id: str,
        status: str,
        metrics: Mapping[str, float] = NO_METRICS,
        tags: Mapping[str, str] = NOTHING,
        ended: float | None = None,
    ) -> Future[RunData]:
        if self.is_spooled(run_id):
            return self._spool.finish_run(run_id, status, metrics, tags, ended)

        def finish() -> RunData:
            ids = self._ids([run_id, *tags.values()])
            told = {key: ids[value] for key, value in tags.items()}
            return self._ask(lambda: self._server.finish_run(ids[run_id], status, metrics, told, ended))

        return _future(finish)

    def copy_run(self, source_run_id: str, request: RunRequest) -> Future[str]:
        def copy() -> str:
            source = self._ids([source_run_id])[source_run_id]
            wanted = self._resolved(request)
            return self._ask(lambda: self._server.copy_run(source, wanted))

        return _future(copy)

    def histories(self, run_ids: Sequence[str], metric: str) -> Future[Mapping[str, tuple[float, ...]]]:
        """See `Tracking.histories`; while a run of the spool goes on, both have to be asked."""
        spooled = [run_id for run_id in run_ids if self.is_spooled(run_id)]
        known = {self._runs.get(run_id, (run_id,))[0]: run_id for run_id in run_ids if run_id not in spooled}
        told: Future[Mapping[str, tuple[float, ...]]] = Future()

        def on_both(ours: Mapping[str, tuple[float, ...]], theirs: Future[Mapping[str, tuple[float, ...]]]) -> None:
            error = theirs.exception()
            found = {} if error else {known[run_id]: values for run_id, values in theirs.result().items()}
            if error and not ours:
                told.set_exception(error)
            else:
                told.set_result({**ours, **found})

        def on_ours(ours: Future[Mapping[str, tuple[float, ...]]]) -> None:
            found = {} if ours.exception() else ours.result()
            if known:
                self._server.histories(list(known), metric).add_done_callback(lambda theirs: on_both(found, theirs))
            else:
                told.set_result(found)

        if spooled:
            self._spool.histories(spooled, metric).add_done_callback(on_ours)
        else:
            on_ours(_future(dict))
        return told

    def missing(self, run_ids: Sequence[str]) -> Future[frozenset[str]]:
        def ask() -> frozenset[str]:
            ids = self._ids(run_ids)
            gone = self._ask(lambda: self._server.missing([*ids.values()]))
            return frozenset(run_id for run_id in run_ids if ids[run_id] in gone)

        return _future(ask)

    def log_artifacts(self, run_id: str, folder: Path) -> Future[None]:
        if self.is_spooled(run_id):
            return self._spool.log_artifacts(run_id, folder)
        return _future(lambda: self._ask(lambda: self._server.log_artifacts(self._ids([run_id])[run_id], folder)))

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        def register() -> ModelVersion:
            resolved = replace(wanted, run_id=self._ids([wanted.run_id])[wanted.run_id])
            return self._ask(lambda: self._server.register_model(resolved))

        return _future(register)

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:
        def ask() -> tuple[ModelVersion, ...]:
            ids = self._ids([*run_ids, below])
            asked = [*dict.fromkeys(ids[run_id] for run_id in run_ids)]
            return self._ask(lambda: self._server.registered(asked, ids[below]))

        return _future(ask)

    def versions_of(self, names: Sequence[str]) -> Future[tuple[ModelVersion, ...]]:
        return _future(lambda: self._ask(lambda: self._server.versions_of(names)))

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:
        return _future(lambda: self._ask(lambda: self._server.holders(alias, names)))

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        return _future(lambda: self._ask(lambda: self._server.details(versions)))

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:
        return _future(lambda: self._ask(lambda: self._server.mark(marks)))

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:
        return _future(lambda: self._ask(lambda: self._server.set_aliases(versions)))

    def flush(self) -> None:
        self._spool.flush()
        self._server.flush()

    def close(self) -> None:
        self._spool.close()
        self._server.close()

    # --- what is made here for the time being ---

    def _start(self, request: RunRequest) -> str:
        try:
            wanted = self._resolved(request)
            return self._ask(lambda: self._server.start_run(wanted))
        except TrackingAwayError:
            if not request.is_urgent:
                raise
        run_id = self._spool.start_run(replace(request, is_urgent=False)).result()
        self._note(run_id, "", _OPENED)
        return run_id

    def _resolved(self, request: RunRequest) -> RunRequest:
        """The request with the server's ids of the runs above."""
        above = [run_id for run_id in (request.parent, request.root) if run_id]
        ids = self._ids(above)
        return replace(request, parent=ids.get(request.parent or ""), root=ids.get(request.root or ""))

    def _ids(self, run_ids: Iterable[str]) -> dict[str, str]:
        """The ids by which the server knows runs, those of the spool carried over first, as far as they go.

        Raises:
            TrackingAwayError: the server is away.
        """
        asked = [*run_ids]
        with self._lock:
            if any(self.is_spooled(run_id) for run_id in asked):
                self._carry_over()
            return {run_id: self._runs.get(run_id, (run_id,))[0] for run_id in asked}

    def _carry_over(self) -> None:
        """Make all runs of the spool on the server, in the order in which they began, then fill those that ended."""
        for is_filled in (False, True):
            for run_id in [run_id for run_id in self._runs if self.is_spooled(run_id)]:
                ids = {ours: theirs for ours, (theirs, _) in self._runs.items() if theirs}
                if run_id in ids and not is_filled:
                    continue
                to, is_whole = self._ask(
                    lambda run_id=run_id, ids=ids, is_filled=is_filled: self._server.carry_over(  # type: ignore[misc]
                        self._spool_uri, run_id, ids, is_filled
                    )
                )
                self._note(run_id, to, _WHOLE if is_whole else _OPENED)

    def _note(self, run_id: str, to: str, how_far: str) -> None:
        """Keep how far a run of the spool has come, whatever becomes of us."""
        with self._lock:
            self._runs[run_id] = (to, how_far)
            unfinished = self._ledger.with_suffix(".tmp")
            unfinished.write_text(json.dumps(self._runs), encoding="utf-8")
            unfinished.replace(self._ledger)

    def _ask(self, question: Callable[[], Future[T]]) -> T:
        """Ask the server, which is left alone for a moment when it did not answer."""
        if time.monotonic() < self._away_until:
            raise TrackingAwayError(self._why)
        try:
            return question().result()
        except TrackingAwayError as error:
            self._away_until, self._why = time.monotonic() + _MEMORY_SECONDS, str(error)
            raise


def _read(ledger: Path) -> dict[str, tuple[str, str]]:
    try:
        kept = json.loads(ledger.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {run_id: (to, how_far) for run_id, (to, how_far) in kept.items()}


def _future(work: Callable[[], T]) -> Future[T]:
    """What comes of the work, which is done at once."""
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except Exception as error:
        future.set_exception(error)
    return future
