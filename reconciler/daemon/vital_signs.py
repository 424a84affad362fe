"""Whether the daemon is well: every source looked at once, every loop's turn of a bearable length."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from reconciler.daemon.outcome import Outcome
from reconciler.daemon.sd_notify import ServiceSupervisor
from reconciler.model.status import ConditionType
from reconciler.state.store import State

_TOUCH_SECONDS = 5.0
_MOST_NAMES, _LONGEST_STATUS = 5, 500


class Looping(Protocol):
    """What is to be known of a loop."""

    @property
    def deadline_seconds(self) -> float:
        """How long it may be busy."""

    def seconds_in_turn(self) -> float | None:
        """For how long it has been busy; None where it waits for something to do, infinity where it is gone."""


class Running(Protocol):
    """What is to be known of the runs of a source."""

    @property
    def pipelines(self) -> list[str]: ...


class VitalSigns:
    """Collects what turns of sources came to, and tells the supervisor.

    Args:
        loops: those of the sources that are followed at the moment, by name.
        runs: those that are under way, by source.
    """

    def __init__(
        self,
        supervisor: ServiceSupervisor,
        state: State,
        loops: Mapping[str, Looping],
        runs: Mapping[str, Running],
    ) -> None:
        self._supervisor = supervisor
        self._state = state
        self._loops = loops
        self._runs = runs
        self._errors: dict[str, str] = {}
        self._stalled: list[str] = []
        self._is_news = True
        self._lock = threading.Lock()
        self._is_ready = False
        self._pinged = 0.0
        self._touched = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether every source that there was at the start has been looked at."""
        return self._is_ready

    def came_to(self, source: str, outcome: Outcome) -> None:
        """A turn of a source is over; in the thread of its loop."""
        with self._lock:
            self._errors[source] = outcome.error
            self._is_news = True

    def hung(self) -> list[str]:
        """The sources whose loops are stuck."""
        busy = [(name, loop.seconds_in_turn(), loop.deadline_seconds) for name, loop in list(self._loops.items())]
        return [name for name, seconds, most in busy if seconds is not None and seconds > most]

    def tell(self) -> None:
        """Tell how things stand; no sign of life is given while a loop is stuck. Called by one thread alone."""
        names = list(self._loops)
        with self._lock:
            is_ready = self._is_ready or all(name in self._errors for name in names)
            failing = {name: self._errors[name] for name in names if self._errors.get(name)}
            is_news, self._is_news = self._is_news, False
        if is_news:
            self._stalled = self._stalled_pipelines(names)
        hung = self.hung()
        running = [pipeline for runs in list(self._runs.values()) for pipeline in runs.pipelines]
        self._supervisor.status(_status(names, running, failing, self._stalled, hung))
        if is_ready and not self._is_ready:
            self._is_ready = True
            self._supervisor.ready()
        if hung:
            return
        if self._is_ping_due():
            self._pinged = time.monotonic()
            self._supervisor.ping()
        if time.monotonic() >= self._touched + _TOUCH_SECONDS:
            self._touched = time.monotonic()
            with suppress(OSError):  # a full disk is told elsewhere
                self._state.folder.alive.touch()

    def wait_seconds(self, most: float) -> float:
        """How long may pass until `tell` is called again."""
        seconds = self._supervisor.ping_seconds
        return most if seconds is None else min(most, max(0.01, self._pinged + seconds - time.monotonic()))

    def _is_ping_due(self) -> bool:
        seconds = self._supervisor.ping_seconds
        return seconds is not None and time.monotonic() >= self._pinged + seconds * 0.9

    def _stalled_pipelines(self, names: Sequence[str]) -> list[str]:
        found = []
        for resource in (resource for name in names for resource in self._state.sources.resources(name)):
            condition = resource.condition(ConditionType.STALLED)
            if condition is not None and condition.status:
                found.append(resource.name)
        return found


def _status(
    names: Sequence[str], runs: Sequence[str], failing: Mapping[str, str], stalled: Sequence[str], hung: Sequence[str]
) -> str:
    told = [
        f"{len(names)} source{'' if len(names) == 1 else 's'}",
        f"{len(runs)} run{'' if len(runs) == 1 else 's'} under way{': ' if runs else ''}{_some(runs)}",
        f"stuck: {_some(hung)}" if hung else "",
        f"stalled: {_some(stalled)}" if stalled else "",
        *(f"{name}: {error}" for name, error in failing.items()),
    ]
    return "; ".join(filter(None, told))[:_LONGEST_STATUS]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" if names[_MOST_NAMES:] else "")
