"""What is asked of the daemon that runs in this process; all else is read off the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from reconciler.daemon.requests import Answer, Request, Silence
from reconciler.daemon.source_settings import SourceSettings


class Loops(Protocol):
    """The loops of the sources; any thread may ask."""

    @property
    def settings(self) -> Mapping[str, SourceSettings]:
        """How the sources are followed at the moment, by name."""

    @property
    def queued(self) -> Mapping[str, int]:
        """How much waits for the next turn of each source."""

    @property
    def hung(self) -> Sequence[str]:
        """The sources whose loops are stuck."""

    @property
    def is_draining(self) -> bool:
        """Whether nothing new is begun, as the daemon is to end."""

    def rouse(self, source: str, trigger: str) -> bool:
        """Have a source looked at; False where it is not followed."""

    def ask(self, request: Request, timeout_seconds: float, is_given_up: Callable[[], bool]) -> Answer | Silence:
        """Have something done, and wait for what comes of it."""
