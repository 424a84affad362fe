"""Turns of a source that an error broke off: that is said as far as it can be kept, and the next one is taken later."""

from __future__ import annotations

from contextlib import suppress

from reconciler.daemon.outcome import Outcome
from reconciler.daemon.retries import Tries
from reconciler.daemon.source_record import SourceRecord
from reconciler.daemon.troubles import conditions_of_trouble, told


class BrokenTurns:
    """Those of one source in a row; called by one thread at a time."""

    def __init__(self, record: SourceRecord, tries: Tries) -> None:
        self._record = record
        self._tries = tries
        self._told = ""

    @property
    def due(self) -> float | None:
        """When the next turn is taken, seconds since the epoch; None where the last one was not broken off."""
        return self._tries.due

    @property
    def is_early(self) -> bool:
        """Whether the next turn is still to be waited for."""
        return self._tries.is_early

    @property
    def outcome(self) -> Outcome:
        """What the last one came to."""
        return Outcome(error=self._told)

    def note(self, error: Exception) -> Outcome:
        """One more was broken off."""
        self._tries.failed()
        self._told = told(error)
        with suppress(Exception):  # what keeps the state from being written may be what broke it off
            self._record.broke_off(conditions_of_trouble(error, self._tries))
        return self.outcome

    def went_well(self) -> None:
        """A turn came to its end."""
        self._tries.succeeded()
        self._record.went_well()
