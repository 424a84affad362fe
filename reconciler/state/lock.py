"""One daemon per state: a lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from reconciler.model.errors import StateError

_ATTEMPTS, _ATTEMPT_SECONDS = 20, 0.01


class StateLock:
    """Held while a daemon runs; the file says who holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StateError: another daemon holds it.
        """
        file = self._path.open("a+", encoding="utf-8")
        if not _locked_alone(file):
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            hint = f"stop it with `kill {owner}`, or give this one a state of its own with --state"
            message = f"a daemon runs on this state already, as process {owner}"
            raise StateError(message, place=str(self._path.parent), hint=hint)
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def owner(self) -> int | None:
        """The process that holds the lock, None where no daemon runs."""
        if not self._path.exists():
            return None
        with self._path.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                text = file.read().strip()
                return int(text) if text.isdigit() else None
            return None

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _locked_alone(file: IO[str]) -> bool:
    """Take the lock where it is free; tried more than once, for those who only look hold it for an instant."""
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_ATTEMPT_SECONDS)
        else:
            return True
    return False


class Presence:
    """Who works in the state besides the daemon: processes are counted by a lock that they share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def enter(self) -> bool:
        """Be present until `leave` or the end of the process; True where nobody else was."""
        file = self._path.open("a+", encoding="utf-8")
        is_alone = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            is_alone = False
        fcntl.flock(file, fcntl.LOCK_SH)
        self._file = file
        return is_alone

    def leave(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
