"""What an engine does: start one execution, wait for its end, end it early."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Task:
    """One execution of a step or trial.

    Attributes:
        id: unique, safe as a file name.
        command: run by `sh -c` in the code folder, or in the task's own folder where there is no code.
        folder: the task's own; its outputs lie below it.
        environment: what the environment's builder answered.
        log: takes what the command prints.
    """

    id: str
    command: str
    code_folder: Path | None
    folder: Path
    environment: str
    variables: Mapping[str, str]
    timeout_seconds: float | None
    log: Path


class ExitReason(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    CANCELLED = "cancelled"
    LOST = "lost"
    LEFT = "left"  # not ended: it goes on, and this process follows it no longer


@dataclass(frozen=True, slots=True)
class Exit:
    """How an execution ended; `message` is a clause such as `exited with status 3`."""

    reason: ExitReason
    code: int | None
    message: str


class Engine(Protocol):
    """Where steps run. A handle is kept in the state, so that a later process can follow the execution."""

    name: str

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
