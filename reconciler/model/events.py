"""What happened to a resource, in one line: a change of what is said of it, a run, a build, a revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.manifests import Kind
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import Condition, ConditionType, Resource

SOURCE_KIND = "source"
_BY_HAND = "run by "  # what stands before the person who asked for a run, as its trigger


class EventType(StrEnum):
    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; the same again is counted, and is not another event.

    Attributes:
        source: "" for what belongs to the machine and not to a source, as the build of an environment does.
        kind: of the resource, or `source`.
        revision: at which it happened last, as is `run_id`; "" where there is none.
        first: when it happened first, seconds since the epoch.
        change: counts up with everything that is kept of events, so that the newest has the highest.
        news: the change with which it was news last: first, or again after something else happened to the resource.
    """

    source: str
    kind: str
    name: str
    type: EventType
    reason: str
    message: str
    revision: str = ""
    run_id: str = ""
    id: int = 0
    first: float = 0.0
    last: float = 0.0
    count: int = 1
    change: int = 0
    news: int = 0


def fields_of_event(event: Event) -> dict[str, str | None]:
    """What an event says, as programs read it; what there is none of is null."""
    return {
        "source": event.source or None,
        "kind": event.kind,
        "name": event.name,
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "revision": event.revision or None,
        "run": event.run_id or None,
    }


_TROUBLES = frozenset({"SourceUnavailable", "Retrying", "RunFailed", "Gone"})  # of what goes on by itself
_RUN_REASONS = frozenset({"Running", "RunSucceeded", "RunRestored", "RunFailed", "RunCancelled"})
_TOLD_BY_OTHERS: Mapping[str, frozenset[str]] = {
    Kind.PIPELINE: _RUN_REASONS,
    Kind.ENVIRONMENT: frozenset({"Building", "Built", "BuildFailed", "Gone"}),
    Kind.SCHEDULE: frozenset({"Running", "RunFailed"}),
}
"""Reasons whose event is written with the run or the build, which is nearer to what happened."""


def events_of_change(before: Resource | None, now: Resource) -> list[Event]:
    """What happened to a resource of which something else is said than before; None where it is new."""
    happened = []
    if before is None or before.version != now.version:
        message = f"version {now.version} is applied" if now.version else "is applied"
        happened.append(_event(now, EventType.NORMAL, "Applied", message))
    if before is not None and before.is_suspended != now.is_suspended:
        reason = "Suspended" if now.is_suspended else "Resumed"
        happened.append(_event(now, EventType.NORMAL, reason, "as its manifest says"))
    said, told_by_others = event_of_conditions(now), _TOLD_BY_OTHERS.get(now.kind, frozenset())
    if said is None or said.reason in told_by_others:
        return happened
    known = event_of_conditions(before) if before is not None else None
    if known is None:
        is_news = said.reason != "Applied"
    elif now.kind == Kind.SCHEDULE:  # what it says of the next time changes with each
        is_news = known.reason not in (said.reason, *told_by_others)
    else:
        is_news = (known.reason, known.message) != (said.reason, said.message)
    return [*happened, said] if is_news else happened


def event_of_conditions(resource: Resource) -> Event | None:
    """What the conditions of a resource say now, as an event; None where they say nothing."""
    if not resource.conditions:
        return None
    first = resource.conditions[0]
    return _event(resource, _type(resource.conditions), first.reason, first.message)


def _type(conditions: tuple[Condition, ...]) -> EventType:
    is_stalled = any(each.type is ConditionType.STALLED and each.status for each in conditions)
    return EventType.WARNING if is_stalled or conditions[0].reason in _TROUBLES else EventType.NORMAL


def _event(resource: Resource, kind: EventType, reason: str, message: str) -> Event:
    return Event(resource.source, str(resource.kind), resource.name, kind, reason, message, resource.revision)


def event_of_start(run: Run) -> Event:
    """A run that begins, or that is current again."""
    why = f": {run.reasons[0]}" if run.reasons else ""
    by = f" by {run.trigger.removeprefix(_BY_HAND)}" if run.trigger else ""
    if run.status is RunStatus.RESTORED:
        message = f"{run.id} restored {run.restored_from}{by}{why}"
        return _of_run(run, EventType.NORMAL, "RunRestored", message)
    attempt = f" (attempt {run.attempt})" if run.attempt > 1 else ""
    return _of_run(run, EventType.NORMAL, "RunStarted", f"{run.id} started{by}{attempt}{why}")


def event_of_end(run: Run) -> Event:
    """A run that is over."""
    first = run.error.partition("\n")[0]
    if run.is_superseded:
        return _of_run(run, EventType.NORMAL, "RunSuperseded", f"{run.id}: {first}")
    if run.status is RunStatus.CANCELLED:
        return _of_run(run, EventType.WARNING, "RunCancelled", f"{run.id} was cancelled: {first}")
    if run.status is RunStatus.FAILED:
        return _of_run(run, EventType.WARNING, "RunFailed", f"{run.id}: {first or 'a step failed'}")
    took = f" in {run.ended - run.started:.1f} s" if run.ended is not None else ""
    return _of_run(run, EventType.NORMAL, "RunSucceeded", f"{run.id} succeeded{took}" + (f"; {first}" if first else ""))


def event_of_taking_up(run: Run) -> Event:
    """A run that an earlier process left in the middle, and that goes on."""
    return _of_run(run, EventType.NORMAL, "RunTakenUp", f"{run.id} is taken up again after a restart")


def _of_run(run: Run, kind: EventType, reason: str, message: str) -> Event:
    return Event(run.source, str(Kind.PIPELINE), run.pipeline, kind, reason, message, run.revision, run.id)
