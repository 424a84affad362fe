"""Daemons that begin at once: forked from a process that has imported everything, as real and as mortal as any."""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.e2e.program import PROJECT

_IMPORTED = (
    "reconciler.cli.main",
    "reconciler.cli.verb_daemon",
    "reconciler.schedules.firing_times",
    "apscheduler.schedulers.background",
    "rich.traceback",
    "structlog",
    "typer.rich_utils",
    "watchdog.observers",
)
_WRITING = ("COMMIT", "INSERT", "UPDATE", "DELETE", "REPLAC")
_TOUCHING = frozenset(
    (
        "os.chmod",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "shutil.copyfile",
        "shutil.rmtree",
        "subprocess.Popen",
    )
)


class Daemons:
    """Starts one daemon after the other."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.e2e.warm"]
        self._parent = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._alive: set[int] = set()
        self._ask({})

    def __enter__(self) -> Daemons:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pid in self._alive:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self._parent.kill()
        self._parent.communicate()

    def start(self, source: Path, state: Path, log: Path, instant: int = 0) -> int:
        """Start a daemon and return its process id, which is that of its group too.

        Args:
            instant: it kills itself at so manieth touch of the database or of a file; 0 for never.
        """
        given = ["--source", str(source), "--state", str(state), "--tracking", "none", "--engine", "process"]
        pid = int(self._ask({"arguments": ["daemon", *given, "--interval", "3600"], "log": str(log), "at": instant}))
        self._alive.add(pid)
        return pid

    def is_over(self, pid: int) -> bool:
        """Whether the daemon has ended; it is forgotten then."""
        is_over = bool(int(self._ask({"ended": pid})))
        if is_over:
            self._alive.discard(pid)
        return is_over

    def _ask(self, asked: dict[str, Any]) -> str:
        assert self._parent.stdin is not None and self._parent.stdout is not None
        self._parent.stdin.write(f"{json.dumps(asked)}\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline()


def _serve() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        if "arguments" in asked:
            answer = _fork(asked["arguments"], asked["log"], asked["at"])
        else:
            answer = _has_ended(asked["ended"]) if "ended" in asked else 0
        print(answer, flush=True)  # noqa: T201 - this is how it answers


def _has_ended(pid: int) -> bool | int:
    return int(os.waitpid(pid, os.WNOHANG)[0] == pid)


def _fork(arguments: list[str], log: str, instant: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    if instant:
        _die_at(instant)
    sys.argv = ["reconciler", *arguments]
    code = 1
    try:
        importlib.import_module("reconciler.cli.main").main()
        code = 0
    finally:
        os._exit(code)


def _die_at(instant: int) -> None:
    """Have this process killed when it has touched the database and files so many times."""
    touches = itertools.count(1)

    def touched() -> None:
        if next(touches) >= instant:
            os.kill(os.getpid(), signal.SIGKILL)

    def executed(statement: str) -> None:
        if statement.lstrip()[:6].upper() in _WRITING:
            touched()

    def happens(event: str, _: object) -> None:
        if event in _TOUCHING:
            touched()

    connect = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(executed)
        return connection

    sqlite3.connect = connected  # type: ignore[assignment]  # no event is told of what is executed
    sys.addaudithook(happens)


if __name__ == "__main__":
    _serve()
