"""Writing to the state as soon as that can be done: a full disk passes, and so does a database that somebody holds."""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from reconciler.model.errors import StateAwayError
from reconciler.state.trouble import Trouble

T = TypeVar("T")
log = logging.getLogger("reconciler")
FULL = (errno.ENOSPC, errno.EDQUOT)
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_PAUSE_SECONDS = 1.0


class Patience:
    """Tries something until it succeeds, or until nobody wants to wait any more.

    Args:
        trouble: where it is said what is waited for, None for nowhere.
    """

    def __init__(self, trouble: Trouble | None = None, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._trouble = trouble
        self._pause = pause_seconds
        self._is_over = threading.Event()

    def lose(self) -> None:
        """From now on nothing is tried again, in whatever thread it is."""
        self._is_over.set()

    def __call__(self, work: Callable[[], T]) -> T:
        """Do it, all of it again where it could not be done.

        Raises:
            StateAwayError: it cannot be done, and is not tried any more.
        """
        said = ""
        while True:
            try:
                done = work()
            except (sqlite3.OperationalError, OSError) as error:
                if not is_passing(error):
                    raise
                if self._is_over.is_set():
                    raise StateAwayError(f"the state cannot be written: {error}") from error
                if self._trouble is not None:
                    self._trouble.note(f"the state cannot be written, and what runs waits for it: {error}")
                if str(error) != said:
                    said = str(error)
                    log.warning("the state cannot be written, and what runs waits for it: %s", said)
                self._is_over.wait(self._pause)
            else:
                if said:
                    log.info("the state can be written again")
                if said and self._trouble is not None:
                    self._trouble.clear()
                return done


def is_passing(error: Exception) -> bool:
    """Whether it is a matter of room on the disk, or of somebody else who holds the database."""
    if isinstance(error, sqlite3.OperationalError):
        return (error.sqlite_errorcode & 0xFF) in _PASSING
    return isinstance(error, OSError) and error.errno in FULL
