"""One daemon per state: a lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shlex
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from reconciler.model.errors import StateError
from reconciler.model.redaction import Redaction

_ATTEMPTS, _ATTEMPT_SECONDS = 20, 0.01


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock; what is not known of them is "" or 0.

    Attributes:
        since: seconds since the epoch.
        command: as it was called, without what is secret in it.
    """

    pid: int
    host: str = ""
    user: str = ""
    since: float = 0.0
    command: str = ""

    @property
    def told(self) -> str:
        """As it stands in a sentence."""
        whose = " of ".join(filter(None, (f"process {self.pid}" if self.pid else "process unknown", self.user)))
        moment = datetime.fromtimestamp(self.since, UTC).isoformat(timespec="seconds") if self.since else ""
        parts = (whose, f"on {self.host}" if self.host else "", f"since {moment}" if moment else "")
        told = " ".join(filter(None, parts))
        return f"{told}: {self.command}" if self.command else told


class StateLock:
    """Held while a daemon runs; the file says who holds it. The kernel lets go of it once that process is dead."""

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
            holder = _holder(file.read())
            file.close()
            is_here = holder.host in ("", os.uname().nodename)
            stop = f"stop it with `kill {holder.pid or 'PID'}`" if is_here else f"stop it on {holder.host}"
            hint = f"{stop}, or give this one a state of its own with --state"
            message = f"a daemon runs on this state already, as {holder.told}"
            raise StateError(message, place=str(self._path.parent), hint=hint)
        file.seek(0)
        file.truncate()
        file.write(f"{json.dumps(asdict(_ourselves()))}\n")
        file.flush()
        self._file = file

    def owner(self) -> int | None:
        """The process that holds the lock, None where no daemon runs."""
        holder = self.holder()
        return holder.pid or None if holder is not None else None

    def holder(self) -> Holder | None:
        """Who holds the lock, None where no daemon runs."""
        if not self._path.exists():
            return None
        with self._path.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return _holder(file.read())
            return None

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _ourselves() -> Holder:
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user needs no name
        user = str(os.geteuid())
    command = Redaction()(shlex.join([Path(sys.argv[0]).name or "python", *sys.argv[1:]]))
    return Holder(os.getpid(), os.uname().nodename, user, time.time(), command)


def _holder(text: str) -> Holder:
    """Who a lock's file tells of; one that an earlier version wrote holds the number of a process alone."""
    try:
        told = json.loads(text)
        return Holder(told) if isinstance(told, int) else Holder(**told)
    except (ValueError, TypeError):
        return Holder(0)


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
