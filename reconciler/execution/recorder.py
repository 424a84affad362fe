"""What is told to MLflow, in order and off the critical path."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Urgency(IntEnum):
    """A step that is about to start goes first; what is only for the record waits.

    A step that is not deterministic may read the record, so it starts only once all that is noted so far is
    written: it queues behind it.
    """

    STEP = 0
    RECORD = 1
    STOP = 2


@dataclass(order=True)
class _Entry:
    urgency: Urgency
    sequence: int
    work: Callable[[], None] = field(compare=False)


class Recorder(Generic[T]):
    """Carries out what is to be recorded, one thing after the other, in a thread of its own."""

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[_Entry] = queue.PriorityQueue()
        self._sequence = itertools.count()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._is_stopping = False
        self._thread.start()

    def submit(self, work: Callable[[], T], urgency: Urgency = Urgency.RECORD) -> Future[T]:
        """Have something recorded; the future gives what it returns or raises."""
        future: Future[T] = Future()

        def carry_out() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._queue.put(_Entry(urgency, next(self._sequence), carry_out))
        return future

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        self._queue.put(_Entry(Urgency.STOP, next(self._sequence), self._stop))
        self._thread.join()

    def _stop(self) -> None:
        self._is_stopping = True

    def _work(self) -> None:
        while not self._is_stopping:
            self._queue.get().work()
