"""What is asked of the daemon that runs in this process; all else goes through the state and its folder of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

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

    def rouse(self, source: str, trigger: str) -> bool:
        """Have a source looked at; False where it is not followed."""
