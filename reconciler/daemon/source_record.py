"""What the state says of a source: what was tried and applied of it last, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.model.snapshot import Snapshot
from reconciler.model.status import Condition, ConditionType, ready, stalled
from reconciler.state.sources import Sources, SourceState

Conditions = tuple[Condition, ...]


class SourceRecord:
    """The record of one source."""

    def __init__(self, sources: Sources, name: str, url: str, branch: str, clock: Callable[[], float]) -> None:
        self._sources = sources
        self._blank = SourceState(name, url, branch)
        self._clock = clock
        self._of_newest: Conditions = ()
        self._note = ""
        self._is_away = False

    def applied(self, snapshot: Snapshot) -> None:
        """A revision is applied from now on."""
        self._of_newest = ready("Applied", f"applied {snapshot.revision}")
        self._save(
            replace(
                self._attempt(snapshot),
                applied_revision=snapshot.revision,
                applied_commit=snapshot.commit or "",
            )
        )

    def refused(self, snapshot: Snapshot, reason: str, message: str) -> None:
        """A revision is not applied, what was applied before stays."""
        self._of_newest = stalled(reason, message)
        self._save(self._attempt(snapshot))

    def note(self, text: str) -> None:
        """What is to be said besides of a revision that is applied, "" for nothing any more."""
        if text == self._note:
            return
        self._note = text
        if self._of_newest and not self._is_away:
            self._save(replace(self._known(), conditions=self._conditions()))

    def away(self, conditions: Conditions) -> None:
        """The source has nothing to give at the moment."""
        self._is_away = True
        self._save(replace(self._known(), conditions=conditions))

    def back(self) -> None:
        """The source is at the revision that was looked at last; costs nothing where it was never away."""
        if self._is_away:
            self._save(replace(self._known(), conditions=self._conditions()))
            self._is_away = False

    def last_applied_commit(self) -> str:
        """What was applied last of this very branch, "" where nothing was."""
        known = self._sources.get(self._blank.name)
        is_same = known is not None and (known.url, known.branch) == (self._blank.url, self._blank.branch)
        return known.applied_commit if known is not None and is_same else ""

    def _attempt(self, snapshot: Snapshot) -> SourceState:
        self._is_away = False
        return replace(
            self._known(),
            attempted_revision=snapshot.revision,
            attempted_commit=snapshot.commit or "",
            conditions=self._conditions(),
        )

    def _conditions(self) -> Conditions:
        if not self._note:
            return self._of_newest
        return tuple(
            replace(each, message=f"{each.message}; {self._note}")
            if each.type is ConditionType.READY and each.status
            else each
            for each in self._of_newest
        )

    def _known(self) -> SourceState:
        known = self._sources.get(self._blank.name) or self._blank
        return replace(known, url=self._blank.url, branch=self._blank.branch)

    def _save(self, source: SourceState) -> None:
        self._sources.save(replace(source, updated=self._clock()))
