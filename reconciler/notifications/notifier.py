"""The threads of the daemon that tell receivers: one that looks at events, and one for each receiver."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from reconciler.model.notifications import Receiver
from reconciler.notifications.courier import Courier, Means
from reconciler.notifications.feed import Feed
from reconciler.notifications.senders import sender_for
from reconciler.state.store import State

log = logging.getLogger("reconciler")
_LOOK_SECONDS = 1.0
_STOP_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 60.0  # the clock may be put back
_PAUSE_SECONDS = 5.0  # after a fault of ours, or of the disk


class Notifier:
    """Tells receivers from `start` to `stop`, or while a block goes on; the caller owns the state meanwhile.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, state: State, receivers: Sequence[Receiver], clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._receivers = tuple(receivers)
        self._means = Means(state.notifications, state.events, clock)
        self._feed = Feed(state, clock)
        self._told = tuple((receiver, sender_for(receiver)) for receiver in self._receivers)
        self._rounds: dict[str, _Round] = {}
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin: what happens from here on is told, and what is left of an earlier process."""
        self._begin({})

    def replace(self, receivers: Sequence[Receiver]) -> None:
        """Tell others from now on; what waits for those that stay goes on waiting for them."""
        if tuple(receivers) == self._receivers or self._is_over.is_set():
            return
        before = dict(self._rounds)
        self.stop(0.0)
        self._receivers = tuple(receivers)
        self._told = tuple((receiver, sender_for(receiver)) for receiver in self._receivers)
        self._feed.forget()
        self._is_over = threading.Event()
        self._begin(before)

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Tell what is due, but take no longer than that; the rest is told by the next process."""
        self._is_over.set()
        end = time.monotonic() + seconds
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            self._thread = None
            if seconds:
                self._look()
        for each in self._rounds.values():
            each.end(end)
        for each in self._rounds.values():
            each.join(end)
        self._rounds.clear()

    def __enter__(self) -> Notifier:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _begin(self, before: Mapping[str, _Round]) -> None:
        self._state.notifications.keep_only([receiver.name for receiver in self._receivers])
        if not self._receivers:
            return
        self._look()
        for receiver, sender in self._told:
            courier = Courier(receiver, sender, self._means)
            self._rounds[receiver.name] = _Round(courier, self._means.clock, before.get(receiver.name))
        for each in self._rounds.values():
            each.start()
        self._thread = threading.Thread(target=self._watch, args=(self._is_over,), name="notifications", daemon=True)
        self._thread.start()

    def _watch(self, is_over: threading.Event) -> None:
        while not is_over.wait(_LOOK_SECONDS):
            if not self._look():
                is_over.wait(_PAUSE_SECONDS)

    def _look(self) -> bool:
        try:
            if self._feed.look(self._told):
                for each in list(self._rounds.values()):
                    each.wake()
        except sqlite3.Error as error:  # the disk is full, or another program holds the state
            log.warning("events cannot be looked at for notifications: %s", error)
            return False
        except Exception:  # a fault of ours must not silence everybody for good
            log.exception("events cannot be looked at for notifications")
            return False
        return True


class _Round:
    """A courier in a thread of its own; begins once the one before it, of the same receiver, is through."""

    def __init__(self, courier: Courier, clock: Callable[[], float], after: _Round | None = None) -> None:
        self._courier = courier
        self._after = after
        self._clock = clock
        self._news = threading.Event()
        self._end: float | None = None
        self._thread = threading.Thread(target=self._go, name=f"tell {courier.receiver.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._news.set()

    def end(self, at: float) -> None:
        """Have it end, at a moment of the monotonic clock at the latest, unless a receiver keeps it waiting."""
        self._end = at
        self._news.set()

    def join(self, until: float | None = None) -> None:
        self._thread.join(None if until is None else max(until - time.monotonic(), 0.0))

    def _go(self) -> None:
        if self._after is not None:
            self._after.join()
            self._after = None
        while self._end is None or time.monotonic() < self._end:
            self._news.clear()
            try:
                due = self._courier.step()
            except sqlite3.Error as error:
                if self._end is not None:
                    return
                log.warning("notifications wait: %s", error)
                due = self._clock() + _PAUSE_SECONDS
            except Exception:
                log.exception("notifications wait")
                due = self._clock() + _PAUSE_SECONDS
            wait = _LONGEST_WAIT_SECONDS if due is None else due - self._clock()
            if wait <= 0:
                continue
            if self._end is not None:
                return
            self._news.wait(min(wait, _LONGEST_WAIT_SECONDS))
