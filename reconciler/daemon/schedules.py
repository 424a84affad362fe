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
from reconciler.model.schedules import CatchUp, Schedule, Trigger
from reconciler.model.status import Condition, ready, stalled, waits
from reconciler.planning.firing import Firing
from reconciler.schedules.firing_times import next_after
from reconciler.schedules.overdue import MOST_COUNTED, ON_TIME_SECONDS, Overdue, overdue
from reconciler.state.schedules import FiredRun, ScheduleState
from reconciler.state.store import State

_LONGEST_STEP_BACK_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule that is to fire, and the moment that it fires for.

    Attributes:
        waited_for: the run that kept it from starting on time, "" where none did.
    """

    schedule: Schedule
    moment: float
    overdue: Overdue
    waited_for: str = ""


@dataclass(frozen=True, slots=True)
class _Wait:
    run_id: str
    is_on_time: bool  # but for the run


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
        self._waiting: dict[str, _Wait] = {}

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
        """When a schedule is due, seconds since the epoch; None where none will be.

        One that waits for a run is not: the end of that is what it is woken by.
        """
        awaited = (due for name, due in self._next.items() if due is not None and name not in self._waiting)
        return min(awaited, default=None)

    def is_due(self) -> bool:
        due = self.next_due()
        return due is not None and due <= self._clock()

    def due(self) -> list[Due]:
        """The schedules that are to fire now; what they missed and do not make up for is told.

        What is due of one that is suspended is passed over without a word.
        """
        now = self._clock()
        waiting, self._waiting = self._waiting, {}
        found = []
        for name, at in list(self._next.items()):
            if at is None or at > now:
                continue
            if name in self._suspended:
                self._save(replace(self._known[name], seen=now))
                continue
            schedule, wait = self._followed[name], waiting.get(name)
            waited_for = wait.run_id if wait is not None and wait.is_on_time else ""
            known = overdue(schedule.trigger, schedule.lateness, self._known[name].seen, now, bool(waited_for))
            if known is not None and known.moment is None:
                self._missed(schedule, known)
            elif known is not None and known.moment is not None:
                found.append(Due(schedule, known.moment, known, waited_for))
        return found

    def reason(self, due: Due) -> str:
        """Why the run of a firing starts, in a line."""
        said = f"schedule {due.schedule.name} was due at {_shown(due.moment)}"
        if due.waited_for:
            said += f" and waited for {due.waited_for}"
        elif due.overdue.missed:
            said += f", the newest of {_counted(due.overdue.missed + 1)} that were missed"
        elif self._clock() - due.moment > ON_TIME_SECONDS:
            said += ", which was missed"
        return said + (f"; {_counted(due.overdue.following)} more follow" if due.overdue.following else "")

    def started(self, due: Due, run_id: str) -> None:
        """Note that a firing started a run; to be called in the transaction that does."""
        missed = _missed_before(due)
        self._seen_to(due, run_id=run_id, said=missed)
        self._state.schedules.save_run(run_id, FiredRun(due.schedule.name, due.moment))
        if missed:
            self._tell(due.schedule, EventType.WARNING, "FiringsMissed", missed)
        self._tell(due.schedule, EventType.NORMAL, "Fired", f"fired for {_shown(due.moment)}: {run_id}", run_id)

    def firing_of(self, due: Due) -> str:
        """What ends the run of an earlier firing."""
        return f"the firing of schedule {due.schedule.name} for {_shown(due.moment)}"

    def began(self, schedule: Schedule, run_id: str) -> bool:
        """Whether a run is one that this schedule started."""
        fired = self._state.schedules.of_run(run_id)
        return fired is not None and fired.schedule == schedule.name

    def wait(self, due: Due, run_id: str) -> None:
        """Have a firing wait until a run has ended."""
        is_on_time = bool(due.waited_for) or self._clock() - due.moment <= ON_TIME_SECONDS
        self._waiting[due.schedule.name] = _Wait(run_id, is_on_time)

    def passed_over(self, due: Due, why: str) -> None:
        """Note that a firing started nothing, and why."""
        said = f"{_shown(due.moment)} was passed over: {why}"
        missed = _missed_before(due)
        with self._state.database.transaction():
            self._seen_to(due, said=_joined(said, missed))
            if missed:
                self._tell(due.schedule, EventType.WARNING, "FiringsMissed", missed)
            self._tell(due.schedule, EventType.WARNING, "PassedOver", said)

    def _missed(self, schedule: Schedule, known: Overdue) -> None:
        """Note that what was due is too late to start."""
        said = f"{_told_missed(known)}; {_why_not(schedule)}"
        with self._state.database.transaction():
            seen = max(self._clock(), known.last_missed)
            self._save(replace(self._known[schedule.name], seen=seen, run_id="", said=said))
            self._tell(schedule, EventType.WARNING, "FiringsMissed", said)

    def _tell(self, schedule: Schedule, kind: EventType, reason: str, message: str, run_id: str = "") -> None:
        happened = Event(self._source, str(Kind.SCHEDULE), schedule.name, kind, reason, message, run_id=run_id)
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
        if schedule.name in self._waiting:
            follows = f"{_shown(due)} waits for {self._waiting[schedule.name].run_id}"
        if schedule.name in self._suspended:
            follows = "does not fire while suspended"
        if known is None or not known.run_id:
            return ready("Scheduled" if due is not None else "Ended", _joined(follows, known.said if known else ""))
        run = self._state.runs.get(known.run_id)
        if run is None or run.status.is_good:
            last = f"{known.run_id} ran at {_shown(known.fired)}"
            return ready("Scheduled" if due is not None else "Ended", _joined(follows, last, known.said))
        if run.status is RunStatus.RUNNING:
            return ready("Running", _joined(f"{run.id} is running", follows))
        first = run.error.splitlines()[0] if run.error else "a step failed"
        said = f"{run.id} {run.status}: {first}"
        if due is None:
            return stalled("RunFailed", said)
        return waits("RunFailed", _joined(said, follows))

    def _seen_to(self, due: Due, run_id: str = "", said: str = "") -> None:
        known = self._known[due.schedule.name]
        seen = due.moment
        if due.schedule.lateness.catch_up is not CatchUp.ALL:  # which goes from one moment to the next
            # Never less than the moment itself, even if the clock was put back between the two.
            seen = max(self._clock(), seen)
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


def _missed_before(due: Due) -> str:
    """What was missed and is not made up for, "" for nothing; what waited was not."""
    if not due.overdue.missed:
        return ""
    if due.schedule.lateness.catch_up is CatchUp.ALL:
        return f"{_told_missed(due.overdue)}; {_why_not(due.schedule)}"
    return f"{_told_missed(due.overdue)}; {_shown(due.moment)} was made up for"


def _told_missed(known: Overdue) -> str:
    if known.missed == 1:
        return f"the firing of {_shown(known.last_missed)} was missed"
    times = f"{_shown(known.first_missed)} to {_shown(known.last_missed)}"
    return f"{_counted(known.missed)} firings were missed, {times}"


def _why_not(schedule: Schedule) -> str:
    """Why what was missed is not made up for."""
    seconds = schedule.lateness.deadline_seconds
    return "`catch_up: none` makes up for none" if seconds is None else f"`starting_deadline` is {seconds:g} s"


def _counted(number: int) -> str:
    return f"{number} or more" if number >= MOST_COUNTED else str(number)


def _digest(trigger: Trigger) -> str:
    return digest_of([type(trigger.when).__name__, astuple(trigger)])


def _shown(moment: float | None) -> str:
    return datetime.fromtimestamp(moment or 0.0, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
