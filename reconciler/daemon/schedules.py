"""The schedules of a source: which of them are due, and how each stands.

What is due is asked of the clock at every turn, and what was seen to is kept in the state, so that neither a restart
nor a clock that is put forward or back makes one fire twice or forgets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime

from reconciler.model.digests import digest_of
from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.runs import RunStatus
from reconciler.model.schedules import Schedule, Trigger
from reconciler.model.status import Condition, ready, reconciling, stalled
from reconciler.planning.firing import Firing
from reconciler.schedules.firing_times import latest_within, next_after
from reconciler.state.schedules import FiredRun, ScheduleState
from reconciler.state.store import State

_LONGEST_STEP_BACK_SECONDS = 86_400.0
_ON_TIME_SECONDS = 300.0  # what fires later than this was missed, and says so


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule that is to fire, and the moment that it fires for."""

    schedule: Schedule
    moment: float


class SourceSchedules:
    """The schedules of one source at the revision that is applied."""

    def __init__(self, state: State, source: str, clock: Callable[[], float]) -> None:
        self._state = state
        self._source = source
        self._clock = clock
        self._known = {known.name: known for known in state.schedules.all(source)}
        self._suspended = _suspended_in_git(state, source)
        self._followed: dict[str, Schedule] = {}
        self._next: dict[str, float | None] = {}

    def follow(
        self,
        schedules: Iterable[Schedule],
        firings: Mapping[str, Firing],
        suspended: frozenset[str] = frozenset(),
    ) -> None:
        """Take up the schedules of a revision; one that is new or has another trigger counts from now on.

        So does one that was suspended and is so no more.
        """
        resumed, self._suspended = self._suspended - suspended, suspended
        self._followed = {each.name: each for each in schedules if each.is_enabled and not each.unsupported}
        self._next = {name: due for name, due in self._next.items() if name in self._followed}
        for name in [name for name in self._known if name not in self._followed]:
            self._state.schedules.forget(self._source, name)
            del self._known[name]
        now = self._clock()
        for name, schedule in self._followed.items():
            trigger = _digest(schedule.trigger)
            pipeline = firings.get(schedule.file, Firing()).pipeline
            known = self._known.get(name)
            if known is None or known.trigger != trigger:
                self._save(ScheduleState(self._source, name, trigger, now, pipeline=pipeline))
            elif known.seen > now + _LONGEST_STEP_BACK_SECONDS:  # the clock was wrong when this was noted
                self._save(replace(known, seen=now, pipeline=pipeline))
            elif name in resumed:
                self._save(replace(known, seen=max(known.seen, now), pipeline=pipeline))
            elif known.pipeline != pipeline:
                self._save(replace(known, pipeline=pipeline))
            elif name not in self._next:
                self._save(known, is_new=False)

    def missing(self) -> list[str]:
        """Those that are followed and that the state does not hold any more."""
        kept = {known.name for known in self._state.schedules.all(self._source)}
        return [name for name in self._followed if name in self._known and name not in kept]

    def put_back(self, names: Iterable[str]) -> None:
        """Keep those again as they are followed."""
        for name in names:
            self._state.schedules.save(self._known[name])

    def next_due(self) -> float | None:
        """When a schedule is due, seconds since the epoch; None where none will be."""
        return min((due for due in self._next.values() if due is not None), default=None)

    def is_due(self) -> bool:
        due = self.next_due()
        return due is not None and due <= self._clock()

    def due(self) -> list[Due]:
        """The schedules that are to fire now; of several moments that were missed, the last one counts for all.

        What is due of one that is suspended is passed over without a word.
        """
        now = self._clock()
        found = []
        for name, at in list(self._next.items()):
            if at is not None and at <= now:
                if name in self._suspended:
                    self._save(replace(self._known[name], seen=now))
                    continue
                schedule = self._followed[name]
                latest = latest_within(schedule.trigger, self._known[name].seen, now)
                if latest is not None:
                    found.append(Due(schedule, latest))
        return found

    def reason(self, due: Due) -> str:
        """Why the run of a firing starts, in a line."""
        late = self._clock() - due.moment
        missed = ", which was missed" if late > _ON_TIME_SECONDS else ""
        return f"schedule {due.schedule.name} was due at {_shown(due.moment)}{missed}"

    def started(self, due: Due, run_id: str) -> None:
        """Note that a firing started a run; to be called in the transaction that does."""
        self._seen_to(due, run_id=run_id)
        self._state.schedules.save_run(run_id, FiredRun(due.schedule.name, due.moment))
        self._tell(due, EventType.NORMAL, "Fired", f"fired for {_shown(due.moment)}: {run_id}", run_id)

    def passed_over(self, due: Due, why: str) -> None:
        """Note that a firing started nothing, and why."""
        said = f"{_shown(due.moment)} was passed over: {why}"
        with self._state.database.transaction():
            self._seen_to(due, said=said)
            self._tell(due, EventType.WARNING, "PassedOver", said)

    def _tell(self, due: Due, kind: EventType, reason: str, message: str, run_id: str = "") -> None:
        name = due.schedule.name
        happened = Event(self._source, str(Kind.SCHEDULE), name, kind, reason, message, run_id=run_id)
        self._state.events.record([happened], self._clock())

    def conditions(
        self, schedules: Iterable[Schedule], firings: Mapping[str, Firing]
    ) -> dict[str, tuple[Condition, ...]]:
        """How each schedule stands, by name."""
        return {each.name: self._conditions(each, firings.get(each.file, Firing())) for each in schedules}

    def _conditions(self, schedule: Schedule, firing: Firing) -> tuple[Condition, ...]:
        unsupported = schedule.unsupported or firing.unsupported
        if unsupported:
            return stalled("Unsupported", unsupported)
        if not schedule.is_enabled:
            return ready("Disabled", "does not fire: `is_enabled` is false")
        known = self._known.get(schedule.name)
        due = self._next.get(schedule.name)
        follows = f"next at {_shown(due)}" if due is not None else "does not fire any more"
        if schedule.name in self._suspended:
            follows = "does not fire while suspended"
        if known is None or not known.run_id:
            return ready("Scheduled" if due is not None else "Ended", _joined(follows, known.said if known else ""))
        run = self._state.runs.get(known.run_id)
        if run is None or run.status.is_good:
            last = f"{known.run_id} ran at {_shown(known.fired)}"
            return ready("Scheduled" if due is not None else "Ended", _joined(follows, last))
        if run.status is RunStatus.RUNNING:
            return ready("Running", _joined(f"{run.id} is running", follows))
        first = run.error.splitlines()[0] if run.error else "a step failed"
        said = f"{run.id} {run.status}: {first}"
        if due is None:
            return stalled("RunFailed", said)
        return reconciling("RunFailed", _joined(said, follows))

    def _seen_to(self, due: Due, run_id: str = "", said: str = "") -> None:
        known = self._known[due.schedule.name]
        # Never less than the moment itself, even if the clock was put back between the two.
        seen = max(self._clock(), due.moment)
        self._save(replace(known, seen=seen, fired=due.moment, run_id=run_id, said=said))

    def _save(self, known: ScheduleState, is_new: bool = True) -> None:
        if is_new:
            self._state.schedules.save(known)
        self._known[known.name] = known
        self._next[known.name] = next_after(self._followed[known.name].trigger, known.seen)


def _suspended_in_git(state: State, source: str) -> frozenset[str]:
    """The schedules that the revision applied last held still; who resumes one by hand sees to it."""
    resources = state.sources.resources(source)
    return frozenset(each.name for each in resources if each.kind is Kind.SCHEDULE and each.is_suspended)


def _digest(trigger: Trigger) -> str:
    return digest_of([type(trigger.when).__name__, astuple(trigger)])


def _shown(moment: float | None) -> str:
    return datetime.fromtimestamp(moment or 0.0, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
