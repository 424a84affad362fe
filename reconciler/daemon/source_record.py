"""What the state says of a source: what was tried and applied of it last, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.events import SOURCE_KIND, Event, EventType
from reconciler.model.snapshot import Snapshot
from reconciler.model.status import Condition, ConditionType, ready, reconciling
from reconciler.state.history import APPLIED, REFUSED
from reconciler.state.sources import SourceState
from reconciler.state.store import State

Conditions = tuple[Condition, ...]


def record_of(settings: SourceSettings, state: State, clock: Callable[[], float]) -> SourceRecord:
    """The record of a source as it is followed."""
    return SourceRecord(state, settings.name, settings.address, settings.branch, clock)


class SourceRecord:
    """The record of one source."""

    def __init__(self, state: State, name: str, url: str, branch: str, clock: Callable[[], float]) -> None:
        self._state = state
        self._sources = state.sources
        self._blank = SourceState(name, url, branch)
        self._clock = clock
        self._of_newest: Conditions = ()
        self._note = ""
        self._pin = ""
        self._rewritten = ""
        self._is_away = False
        self._broken: Conditions = ()

    def begin(self) -> None:
        """The source is followed from now on, so that it is listed before it was looked at; once it was, nothing."""
        first = reconciling("Progressing", f"{self._blank.url} is looked at for the first time")
        self._sources.begin(replace(self._blank, conditions=first, updated=self._clock()))

    def taken_up(self, snapshot: Snapshot, trigger: str) -> None:
        """A revision is looked at."""
        name, revision = self._blank.name, snapshot.revision
        message = f"{revision} is taken up ({trigger})"
        happened = Event(name, SOURCE_KIND, name, EventType.NORMAL, "TakenUp", message, revision)
        self._state.events.record([happened], self._clock())

    def rewritten(self, gone: str) -> None:
        """The branch leads elsewhere than to what follows a commit, and that is gone from it; "" for none."""
        self._rewritten = ""
        if not gone:
            return
        name = self._blank.name
        self._rewritten = f"{self._blank.branch} was rewritten and holds {gone[:10]} no more"
        message = f"{self._rewritten}; what was applied of it is kept"
        happened = Event(name, SOURCE_KIND, name, EventType.WARNING, "HistoryRewritten", message)
        self._state.events.record([happened], self._clock())

    def pushed_upgrades(self, message: str) -> None:
        """A branch with upgraded references was pushed; in the thread that did."""
        name = self._blank.name
        happened = Event(name, SOURCE_KIND, name, EventType.NORMAL, "UpgradesPushed", message)
        self._state.events.record([happened], self._clock())

    def applied(self, snapshot: Snapshot, trigger: str) -> None:
        """A revision is applied from now on."""
        also = f"; {self._rewritten}" if self._rewritten else ""
        self._of_newest = ready("Applied", f"applied {snapshot.revision}{also}")
        with self._state.database.transaction():
            self._note_outcome(snapshot, APPLIED, trigger)
            self._save(
                replace(
                    self._attempt(snapshot),
                    applied_revision=snapshot.revision,
                    applied_commit=snapshot.commit or "",
                )
            )

    def refused(self, snapshot: Snapshot, conditions: Conditions, trigger: str) -> None:
        """A revision is not applied, what was applied before stays; the first condition says why."""
        self._of_newest = conditions
        with self._state.database.transaction():
            self._note_outcome(snapshot, REFUSED, trigger, conditions[0].reason, conditions[0].message)
            self._save(self._attempt(snapshot))

    def _note_outcome(
        self, snapshot: Snapshot, outcome: str, trigger: str, reason: str = "", message: str = ""
    ) -> None:
        name, now = self._blank.name, self._clock()
        self._state.history.note_revision(name, snapshot.revision, outcome, trigger, reason, message, now)

    def note(self, text: str) -> None:
        """What is to be said besides of a revision that is applied, "" for nothing any more."""
        if text == self._note:
            return
        self._note = text
        if self._of_newest and not self._is_away:
            self._save(replace(self._known(), conditions=self._conditions()))

    def pin(self, told: str) -> None:
        """The source stays at an earlier revision, and why; "" where it does no more."""
        if told == self._pin:
            return
        self._pin = told
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

    def broke_off(self, conditions: Conditions) -> None:
        """A turn was broken off; until one is not, that is what is said of the source."""
        self._broken = conditions
        self._save(replace(self._known(), conditions=conditions))

    def went_well(self) -> None:
        """A turn came to its end; costs nothing where the one before did too."""
        if self._broken:
            self._broken = ()
            if self._of_newest and not self._is_away:
                self._save(replace(self._known(), conditions=self._conditions()))

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
        if self._broken:
            return self._broken
        newest = self._of_newest
        if self._pin and newest and newest[0].status:
            newest = ready("Pinned", self._pin)
        if not self._note:
            return newest
        return tuple(
            replace(each, message=f"{each.message}; {self._note}")
            if each.type is ConditionType.READY and each.status
            else each
            for each in newest
        )

    def _known(self) -> SourceState:
        known = self._sources.get(self._blank.name) or self._blank
        return replace(known, url=self._blank.url, branch=self._blank.branch)

    def _save(self, source: SourceState) -> None:
        self._sources.save(replace(source, updated=self._clock()))
