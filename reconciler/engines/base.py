"""What an engine does: start one execution, wait for its end, end it early."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from reconciler.model.resources import Resources


@dataclass(frozen=True, slots=True)
class Labels:
    """What an execution is of, for those who look at the engine."""

    run: str = ""
    pipeline: str = ""
    step: str = ""
    trial: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One execution of a step or trial.

    Attributes:
        id: unique, safe as a file name.
        command: run by `sh -c` in the code folder, or in the task's own folder where there is no code; it names paths
            as the step sees them, below `Engine.root`.
        writable: the folders in the code that the step may write to; elsewhere a container finds it read-only.
        folder: the task's own; its outputs lie below it.
        inputs: the content that the step is to find, read-only, at each path below its root.
        environment: what the environment's builder answered.
        log: takes what the command prints.
        is_tracked: it logs to MLflow.
    """

    id: str
    command: str
    code_folder: Path | None
    folder: Path
    environment: str
    variables: Mapping[str, str]
    timeout_seconds: float | None
    log: Path
    inputs: Mapping[str, Path] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    labels: Labels = field(default_factory=Labels)
    is_tracked: bool = False
    writable: tuple[Path, ...] = ()


STEP_VARIABLES: Mapping[str, str] = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""What every step finds in its environment, on every engine."""


class ExitReason(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    CANCELLED = "cancelled"
    OUT_OF_MEMORY = "out-of-memory"
    ENGINE_GONE = "engine-gone"
    INTERRUPTED = "interrupted"  # by its engine, not by anything of its own: it may begin anew
    LOST = "lost"
    LEFT = "left"  # not ended: it goes on, and this process follows it no longer


@dataclass(frozen=True, slots=True)
class Exit:
    """How an execution ended; `message` is a clause such as `exited with status 3`."""

    reason: ExitReason
    code: int | None
    message: str


def exited_with(code: int) -> Exit:
    """The end of a shell with this status."""
    if code == 0:
        return Exit(ExitReason.COMPLETED, 0, "completed")
    if code > 128 and code - 128 in {item.value for item in signal.Signals}:
        name = signal.Signals(code - 128).name
        return Exit(ExitReason.FAILED, code, f"was killed by signal {code - 128} ({name})")
    return Exit(ExitReason.FAILED, code, f"exited with status {code}")


def timed_out(task: Task) -> Exit:
    """The end of a task whose time ran out."""
    limit = "1 second" if task.timeout_seconds == 1 else f"{task.timeout_seconds:g} seconds"
    return Exit(ExitReason.TIMED_OUT, None, f"took longer than its time limit of {limit}")


class Engine(Protocol):
    """Where steps run. A handle is kept in the state, so that a later process can follow the execution."""

    name: str

    def root(self, folder: Path) -> Path:
        """Where a step sees the task's folder."""
        ...

    def start(self, task: Task, keep: Callable[[str], object] = ...) -> str:
        """Start the task and return its handle.

        `keep` gets the handle before anything executes: a process that is killed in between has either executed
        nothing or left a handle to follow.

        Raises:
            EngineError: it cannot be started.
        """
        ...

    def wait(self, task: Task, handle: str) -> Exit:
        """Block until the execution ends, whoever started it."""
        ...

    def cancel(self, handle: str) -> None:
        """End the execution and all that it started; `wait` then answers CANCELLED."""
        ...

    def leave(self, handle: str) -> None:
        """Follow the execution no longer: `wait` answers LEFT, and it goes on for another process to follow."""
        ...

    def remove_leftovers(self, known: Collection[str]) -> None:
        """Remove what executions left behind that no record knows of; those with a known handle stay.

        Raises:
            EngineError: the engine cannot be asked.
        """
        ...

    def close(self) -> None:
        """Finish what is being tidied up."""
        ...
