"""A verb that goes on until it is ended, as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from tests.daemon.daemon_process import until


class WatchedVerb:
    """A verb whose lines are read while it runs; killed with the block that it stands in, if it still does."""

    def __init__(self, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.pid = self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def until_told(self, text: str) -> str:
        """Block until a line holds this; returns the line."""
        until(lambda: any(text in line for line in self.lines) or self._process.poll() is not None)
        found = [line for line in self.lines if text in line]
        assert found, self.lines
        return found[0]

    def ended(self, seconds: float = 15.0) -> tuple[int, str]:
        """Its exit status once it has ended by itself, and what it complained of."""
        code = self._process.wait(timeout=seconds)
        self._reader.join(timeout=seconds)
        assert self._process.stderr is not None
        return code, self._process.stderr.read()

    def interrupt(self) -> tuple[int, str]:
        """End it as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        return self.ended()

    def __enter__(self) -> WatchedVerb:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
