"""The daemon as a process of its own, as an operator starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from reconciler.model.runs import Run, RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it printed on both streams."""

    code: int
    said: str


class DaemonProcess:
    """A daemon that runs, ended with the block that it stands in."""

    def __init__(self, source: Path | None, state: Path, *options: str) -> None:
        state.parent.mkdir(parents=True, exist_ok=True)
        self._log = state.parent / f"daemon-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command(source, state, *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.pid = self._process.pid

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def until_said(self, text: str, seconds: float = 60.0) -> None:
        """Block until the daemon has printed this."""
        until(lambda: text in self.said or self._process.poll() is not None, seconds)
        assert text in self.said, self.said

    @property
    def code(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.poll()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal that does not end it."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Send a signal and wait for the end."""
        self._process.send_signal(number)
        return Ended(self._process.wait(timeout=20), self.said)

    def __enter__(self) -> DaemonProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            error.add_note(f"the daemon said:\n{self.said}")
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def command(source: Path | None, state: Path, *options: str) -> list[str]:
    """A daemon without MLflow that looks at its source only when it is told to; None for those of a configuration."""
    given = ["--state", str(state), "--tracking", "none", "--interval", "3600"]
    if source is not None:
        given = ["--source", str(source), *given]
    return [sys.executable, "-m", "reconciler", "daemon", *given, "--log-format", "console", *options]


def to_its_end(source: Path | None, state: Path, *options: str) -> Ended:
    """A daemon that ends by itself."""
    done = subprocess.run(
        command(source, state, *options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Ended(done.returncode, done.stdout)


def until(is_true: Callable[[], object], seconds: float = 60.0) -> None:
    """Block until something is true."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def runs(state: Path) -> list[Run]:
    """All runs, the oldest first."""
    if not (state / "state.db").exists():
        return []
    opened = State(StateFolder(state))
    try:
        return opened.runs.recent()[::-1]
    finally:
        opened.close()


def statuses(state: Path) -> list[RunStatus]:
    return [run.status for run in runs(state)]
