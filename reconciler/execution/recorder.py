"""What is to be told to MLflow, one thing after the other, off the critical path, however long MLflow is away."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from bisect import insort
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

from reconciler.model.backlog import Backlog
from reconciler.model.errors import TrackingAwayError

T = TypeVar("T")
log = logging.getLogger("reconciler")
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0
_PASSING_SECONDS = 2.0  # for which it may be away as though it were merely slow


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
    work: Callable[[], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)
    is_left: Callable[[], bool] = field(compare=False)
    is_proof: bool = field(default=False, compare=False)

    def give(self, result: object) -> None:
        with suppress(InvalidStateError):  # somebody waits for it no more
            self.future.set_result(result)

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


class Recorder(Generic[T]):
    """Carries out what is to be recorded in a thread of its own.

    What raises `TrackingAwayError` is held back and tried again, for as long as it takes. What is only for the record
    is held back behind it, so that all of it comes in order; what a step waits for is tried once when it comes.
    """

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[_Entry] = queue.PriorityQueue()
        self._sequence = itertools.count()
        self._held: list[_Entry] = []
        self._backlog: Backlog | None = None
        self._note: Callable[[Backlog | None], None] = lambda _: None
        self._on_change: list[Callable[[], None]] = []
        self._clock: Callable[[], float] = time.time
        self._is_away = False
        self._away_since = 0.0  # of the monotonic clock
        self._news = threading.Condition()
        self._why = ""
        self._pause = _FIRST_PAUSE_SECONDS
        self._next_try = 0.0  # of the monotonic clock
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> Backlog | None:
        """What waits; None while MLflow answers."""
        return self._backlog

    def keep(self, before: Backlog | None, note: Callable[[Backlog | None], None], clock: Callable[[], float]) -> None:
        """Have the backlog kept by somebody, who knows what an earlier process left of it."""
        self._backlog, self._note, self._clock = before, note, clock

    def notify(self, on_change: Callable[[], None]) -> None:
        """Call this when MLflow goes away or comes back, or `announce` is called, in the thread of either."""
        self._on_change.append(on_change)

    def announce(self) -> None:
        """Tell those who are notified that something is recorded which had to wait."""
        for each in [*self._on_change]:
            each()

    def notify_no_more(self, on_change: Callable[[], None]) -> None:
        with suppress(ValueError):
            self._on_change.remove(on_change)

    def submit(
        self,
        work: Callable[[], T],
        urgency: Urgency = Urgency.RECORD,
        is_left: Callable[[], bool] = lambda: False,
        is_proof: bool = False,
    ) -> Future[T]:
        """Have something recorded; the future gives what it returns or raises.

        Args:
            is_left: whether it is left to the next process, should MLflow be away; the future then raises that.
            is_proof: it cannot succeed while MLflow is away, as what is kept elsewhere meanwhile can.
        """
        future: Future[T] = Future()
        self._queue.put(_Entry(urgency, next(self._sequence), work, future, is_left, is_proof))
        return future

    def wait(self, future: Future[T]) -> bool:
        """Wait until something is recorded, or refused; False once MLflow is away, and it may take for ever."""
        future.add_done_callback(lambda _: self._wake())
        with self._news:
            while not future.done():
                left = self._away_since + _PASSING_SECONDS - time.monotonic() if self._is_away else None
                if left is not None and left <= 0:
                    break
                self._news.wait(left)
        return future.done()

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def look_again(self) -> None:
        """Something is left by now that may be held back."""
        self._queue.put(_Entry(Urgency.STEP, next(self._sequence), _nothing, Future(), lambda: False))

    def close(self) -> None:
        """Finish what was submitted, then stop; with MLflow away, what waits is left to the next process."""
        self._is_closing = True
        self._queue.put(_Entry(Urgency.STOP, next(self._sequence), _nothing, Future(), lambda: True))
        self._thread.join()

    def _work(self) -> None:
        while True:
            entry = self._next()
            if entry is None:
                self._try_again()
            elif entry.urgency is Urgency.STOP:
                break
            elif (self._held and entry.urgency is Urgency.RECORD) or not self._carry_out(entry):
                self._hold(entry)
            self._let_go()
        self._let_go()

    def _next(self) -> _Entry | None:
        """What comes next; None where it is time to try again what is held back."""
        timeout = max(0.0, self._next_try - time.monotonic()) if self._held else None
        with suppress(queue.Empty):
            return self._queue.get(timeout=timeout)
        return None

    def _try_again(self) -> None:
        """Carry out what is held back, as far as that goes."""
        while self._held:
            if not self._carry_out(self._held[0]):
                self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
                self._next_try = time.monotonic() + self._pause
                return
            self._held.pop(0)
            if self._held:
                self._tell(Backlog(len(self._held), self._since, self._why))
        self._is_back()

    def _carry_out(self, entry: _Entry) -> bool:
        """Do it; False where MLflow is away."""
        if entry.future.done() or entry.work is _nothing:
            return True
        try:
            result = entry.work()
        except TrackingAwayError as error:
            self._why = str(error)
            return False
        except BaseException as error:
            entry.fail(error)
            return True
        entry.give(result)
        if entry.is_proof and not self._held:
            self._is_back()
        return True

    def _hold(self, entry: _Entry) -> None:
        if not self._held:
            self._pause = _FIRST_PAUSE_SECONDS
            self._next_try = time.monotonic() + self._pause
        insort(self._held, entry)
        self._tell(Backlog(len(self._held), self._since, self._why))

    @property
    def _since(self) -> float:
        return self._backlog.since if self._backlog else self._clock()

    def _is_back(self) -> None:
        if self._is_away:
            log.info("MLflow answers again, and everything is recorded")
        self._tell(None)

    def _tell(self, backlog: Backlog | None) -> None:
        before, self._backlog = self._backlog, backlog
        was_away = self._is_away
        if was_away != (backlog is not None):
            self._away_since, self._is_away = time.monotonic(), backlog is not None
            self._wake()
        if backlog is not None and not was_away:
            log.warning("MLflow is away, and what is to be recorded waits: %s", backlog.why)
        if before != backlog:
            with suppress(Exception):  # the state may be away as well, and says so itself
                self._note(backlog)
        if was_away != self._is_away:
            self.announce()

    def _let_go(self) -> None:
        """What is left to the next process is held back no longer."""
        left = [entry for entry in self._held if self._is_closing or entry.is_left()]
        if not left:
            return
        self._held = [entry for entry in self._held if entry not in left]
        for entry in left:
            entry.fail(TrackingAwayError("this is left to the next process", hint=self._why))


def _nothing() -> None:
    """What is put into the queue for the one who waits for it to wake up."""
