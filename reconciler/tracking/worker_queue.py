"""Requests in the order asked, carried out by one worker that comes and goes."""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

from reconciler.model.errors import TrackingError
from reconciler.tracking.protocol import Request, error_from_json
from reconciler.tracking.watched_future import WatchedFuture
from reconciler.tracking.worker_process import WorkerDiedError, WorkerProcess

T = TypeVar("T")

_SECONDS_TO_CLOSE = 60.0


@dataclass(frozen=True, slots=True)
class _Asked(Generic[T]):
    request: Request
    read: Callable[[Any], T]
    future: WatchedFuture[T]


class WorkerQueue:
    """Hands requests to the worker, one at a time, from a thread of its own."""

    def __init__(self, process: WorkerProcess, idle_seconds: float, log: str) -> None:
        self._process = process
        self._idle_seconds = idle_seconds
        self._log = log
        self._asked: queue.SimpleQueue[_Asked[Any] | Event | None] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._last_started = 0
        self._failed: list[WatchedFuture[Any]] = []
        self._closed = False
        self._abandoned = False

    def ask(self, do: str, arguments: Mapping[str, Any], read: Callable[[Any], T]) -> Future[T]:
        """Ask for something; `read` makes the answer's JSON into the result."""
        future: WatchedFuture[T] = WatchedFuture()
        with self._lock:
            if self._closed:
                future.set_exception(TrackingError("tracking is closed", place=do))
                return future
            self._last_started = max(time.time_ns() // 1_000_000, self._last_started + 1)
            request = Request(next(self._numbers), do, arguments, self._last_started)
            self._asked.put(_Asked(request, read, future))
            if self._thread is None:
                self._thread = Thread(target=self._carry_out_all, name="tracking", daemon=True)
                self._thread.start()
        return future

    def flush(self) -> None:
        """Wait until all that was asked is done.

        Raises:
            TrackingError: the first failure whose future nobody has looked at.
        """
        reached = Event()
        with self._lock:
            if self._thread is not None and not self._closed:
                self._asked.put(reached)
            else:
                reached.set()
        reached.wait()
        with self._lock:
            failed, self._failed = self._failed, []
        unseen = [error for future in failed if not future.seen and (error := future.exception())]
        if unseen:
            raise unseen[0]

    def close(self) -> None:
        """Carry out what was asked, then end the worker; one that does not come to an end is killed."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._asked.put(None)
        if thread is None:
            return
        thread.join(_SECONDS_TO_CLOSE)
        if thread.is_alive():
            self._abandoned = True
            self._process.kill()
            thread.join()

    def _carry_out_all(self) -> None:
        while True:
            try:
                asked = self._asked.get(timeout=self._idle_seconds if self._process.pid else None)
            except queue.Empty:
                self._process.end()
                continue
            if asked is None:
                self._process.end()
                return
            if isinstance(asked, Event):
                asked.set()
            elif asked.future.set_running_or_notify_cancel():
                self._carry_out(asked)

    def _carry_out(self, asked: _Asked[T]) -> None:
        try:
            result = asked.read(self._answer(asked.request))
        except Exception as error:
            with self._lock:
                self._failed = [*(future for future in self._failed if not future.seen), asked.future]
            asked.future.set_exception(_as_tracking_error(error, asked.request))
        else:
            asked.future.set_result(result)

    def _answer(self, request: Request) -> Any:
        for attempt in (request, replace(request, repeated=True)):
            if self._abandoned:
                raise TrackingError("MLflow took too long; this was given up", place=request.do, hint=self._hint)
            try:
                answer = self._process.ask(attempt)
            except WorkerDiedError:
                continue
            if answer.error is not None:
                raise error_from_json(answer.error)
            return answer.result
        raise TrackingError("the MLflow worker died over this, twice", place=request.do, hint=self._hint)

    @property
    def _hint(self) -> str:
        return f"see {self._log}"


def _as_tracking_error(error: Exception, request: Request) -> TrackingError:
    if isinstance(error, TrackingError):
        return error
    return TrackingError(f"the MLflow worker's answer cannot be read: {error!r}", place=request.do)
