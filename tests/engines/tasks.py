"""Tasks for the process engine, and ways to watch what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from reconciler.engines.base import Exit, Task
from reconciler.engines.process import ProcessEngine


def make_task(
    folder: Path,
    command: str,
    timeout_seconds: float | None = None,
    variables: Mapping[str, str] | None = None,
    code_folder: Path | None = None,
    environment: str = "",
) -> Task:
    """A task with its folder and log below `folder`."""
    return Task(
        id=folder.name,
        command=command,
        code_folder=code_folder,
        folder=folder / "task",
        environment=environment,
        variables=variables or {},
        timeout_seconds=timeout_seconds,
        log=folder / "log",
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that is over."""

    exit: Exit
    log: bytes

    @property
    def text(self) -> str:
        return self.log.decode()


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands to their end, each in the same folder."""

    engine: ProcessEngine
    folder: Path

    def __call__(
        self,
        command: str,
        variables: Mapping[str, str] | None = None,
        code_folder: Path | None = None,
        environment: str = "",
        timeout_seconds: float | None = None,
    ) -> Ended:
        task = make_task(self.folder, command, timeout_seconds, variables, code_folder, environment)
        ended = self.engine.wait(task, self.engine.start(task))
        return Ended(ended, task.log.read_bytes())


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for what comes within seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


def pids_in(file: Path, count: int) -> list[int]:
    """The process ids that a step writes to a file, one per line, once all are there."""

    def written() -> list[str]:
        return file.read_text().splitlines() if file.exists() else []

    eventually(lambda: len(written()) >= count)
    return [int(line) for line in written()]


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
