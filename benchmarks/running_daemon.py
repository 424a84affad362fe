"""The installed daemon as a process, with its log in a file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from benchmarks.command_line import ENVIRONMENT, PROGRAM
from reconciler.model.status import ConditionType
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

_PATIENCE_SECONDS = 120.0


class RunningDaemon:
    """A daemon that follows sources on processes of this machine, ended with the block that it stands in.

    Args:
        options: beside those for state and engine.
        variables: of its environment.
    """

    def __init__(self, folder: Path, *options: str, variables: Mapping[str, str] | None = None) -> None:
        self.state_folder = folder / "state"
        self.log = folder / "daemon.log"
        self._out: IO[bytes] = self.log.open("wb")
        given = ["daemon", "--state", str(self.state_folder), "--engine", "process", "--log-format", "json", *options]
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, *given],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            env={**ENVIRONMENT, **(variables or {})},
        )

    def state(self) -> State:
        """Its state, opened by us too; whoever asks closes it."""
        return State(StateFolder(self.state_folder))

    def until(self, is_true: Callable[[], object], pause_seconds: float = 0.02) -> None:
        """Block until something is true.

        Raises:
            TimeoutError: it does not come true in two minutes, or the daemon has ended.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_true():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(f"it never came true; the log is:\n{self.log.read_text(encoding='utf-8')[-4000:]}")
            time.sleep(pause_seconds)

    def end(self) -> int:
        """Send SIGTERM and wait; returns how the process ended."""
        self.process.terminate()
        return self.process.wait(timeout=_PATIENCE_SECONDS)

    def __enter__(self) -> RunningDaemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._out.close()


def is_at_rest(state: State, commit: str) -> bool:
    """Whether a commit of the source was seen to, nothing runs, and all that it holds says that it is ready."""
    source = state.sources.get("main")
    if source is None or source.attempted_commit != commit or state.runs.running():
        return False
    for resource in state.sources.resources("main"):
        said = resource.condition(ConditionType.READY)
        if said is None or not said.status:
            return False
    return True
