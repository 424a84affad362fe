"""Holding a source or a pipeline at an earlier revision, and letting go of it, in the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.cli.act_told import ActTold, of_one_source
from reconciler.cli.verbs_state import all_resources
from reconciler.model.errors import UnknownError, UsageError
from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.pins import Pin
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import Resource
from reconciler.model.suspensions import SOURCE
from reconciler.state.history import APPLIED
from reconciler.state.store import State

_SHORTEST = 4  # of a commit
_SHOWN = 5
_MOST_RUNS = 1000
_KINDS = (SOURCE, Kind.PIPELINE)
ANY = "any"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A revision that can be gone back to, and the run of it that is put back."""

    revision: str
    run: str = ""

    @property
    def commit(self) -> str:
        return self.revision.rpartition("sha1:")[2]


def pin(state: State, target: str, wanted: str | None, source: str | None, reason: str, by: str, now: float) -> ActTold:
    """Hold something at an earlier revision, the one before the present one where none is named.

    Raises:
        UsageError: there is no such thing, or no such revision of it.
    """
    resource = pinnable(state, target, source)
    earlier = earlier_revision(state, resource, wanted)
    with state.database.transaction():
        made = state.pins.pin(_pin(resource, earlier, reason, by), now)
        state.events.record([_event(made, "Pinned", made.told)], now)
    lines = (
        f"{resource.kind} {resource.name}: {made.told}",
        f"newer revisions start nothing of it until `reconciler unpin {target.removeprefix(f'{ANY}/')}`",
    )
    return ActTold(lines, resources=(_now(state, resource),), source=resource.source)


def unpin(state: State, target: str, source: str | None, by: str, now: float) -> ActTold:
    """Let go of what is pinned; what Git says counts again.

    Raises:
        UsageError: there is no such thing.
    """
    resource = pinnable(state, target, source)
    if resource.pin is None:
        line = f"{resource.kind} {resource.name} is not pinned"
        return ActTold((line,), resources=(resource,), source=resource.source)
    message = f"let go of by {by}; it was {resource.pin.told}"
    with state.database.transaction():
        state.pins.unpin(resource.pin)
        state.events.record([_event(resource.pin, "Unpinned", message)], now)
    line = f"{resource.kind} {resource.name}: let go of; it was {resource.pin.told}"
    return ActTold((line,), resources=(_now(state, resource),), source=resource.source)


def _now(state: State, resource: Resource) -> Resource:
    key = (resource.source, resource.kind, resource.name)
    return next((each for each in all_resources(state) if (each.source, each.kind, each.name) == key), resource)


def _pin(resource: Resource, earlier: Earlier, reason: str, by: str) -> Pin:
    why = " ".join(reason.split())
    kind, name = str(resource.kind), resource.name
    return Pin(resource.source, kind, name, earlier.revision, earlier.commit, by, "", why, earlier.run)


def _event(pin: Pin, reason: str, message: str) -> Event:
    return Event(pin.source, pin.kind, pin.name, EventType.NORMAL, reason, message, pin.revision)


def kind_and_name(target: str) -> tuple[str, str]:
    """What `source/NAME`, `pipeline/NAME` and `any/NAME` mean; the kind is "" where none is told."""
    kind, slash, name = target.partition("/")
    if slash and kind in (*_KINDS, ANY):
        return ("" if kind == ANY else kind), name
    return "", target


def pinnable(state: State, target: str, source: str | None) -> Resource:
    """The source or pipeline of that name; `source/NAME` and `pipeline/NAME` say which of two is meant.

    Raises:
        UsageError: there is none, or there are several.
    """
    kind, name = kind_and_name(target)
    wanted = (kind,) if kind else _KINDS
    resources = [each for each in all_resources(state) if each.kind in _KINDS]
    gone = [_gone(pin) for pin in state.pins.all() if not _is_among(pin, resources)]
    found = [each for each in (*resources, *gone) if each.kind in wanted and each.name == name]
    if not found:
        hint = did_you_mean(name, [each.name for each in resources], "see `reconciler get`")
        raise UnknownError(f"there is no {kind or 'source and no pipeline'} `{name}`", hint=hint)
    if len({each.kind for each in found}) > 1:
        hint = f"write `{SOURCE}/{name}` or `{Kind.PIPELINE}/{name}`"
        raise UsageError(f"`{name}` is a source and a pipeline", hint=hint)
    return of_one_source(found, source)


def _is_among(pin: Pin, resources: Sequence[Resource]) -> bool:
    return any((each.source, each.kind, each.name) == (pin.source, pin.kind, pin.name) for each in resources)


def _gone(pin: Pin) -> Resource:
    return Resource(pin.kind, pin.name, None, pin.source, pin.revision, (), pin=pin)


def earlier_revision(state: State, resource: Resource, wanted: str | None) -> Earlier:
    """The revision to go back to, the one before the present one where none is named.

    Raises:
        UsageError: there is no such revision of it.
    """
    applied = _applied(state, resource.source)
    if resource.kind == SOURCE:
        known, now = [Earlier(revision) for revision in applied], resource.revision
    else:
        known, now = _of_pipeline(state, resource, applied), _current_revision(state, resource.name)
    if wanted is None:
        return _before(known, now, resource)
    return _named(known, wanted, resource)


def _applied(state: State, source: str) -> list[str]:
    """The revisions that were applied, that which was applied first last."""
    outcomes = [each for each in state.history.revisions(source) if each.outcome == APPLIED]
    return [each.revision for each in sorted(outcomes, key=lambda each: each.first, reverse=True)]


def _of_pipeline(state: State, resource: Resource, applied: Sequence[str]) -> list[Earlier]:
    """The revisions at which a pipeline ran well, the newest first, then those that were only applied."""
    ran = [Earlier(run.revision, run.id) for run in _good_runs(state, resource)]
    once = {each.revision: each for each in reversed(ran)}
    newest_first = [each for each in ran if once.get(each.revision) is each]
    return [*newest_first, *(Earlier(revision) for revision in applied if revision not in once)]


def _good_runs(state: State, resource: Resource) -> list[Run]:
    """Runs that succeeded, each closure once, the newest first; those that somebody made otherwise left out."""
    runs = state.runs.recent(resource.name, _MOST_RUNS)
    good = [run for run in runs if run.status is RunStatus.SUCCEEDED and run.source == resource.source]
    first = {run.closure: run for run in good}
    return sorted(first.values(), key=lambda run: run.started, reverse=True)


def _current_revision(state: State, pipeline: str) -> str:
    """The revision that the current run is of; of one that was restored, that of the run which executed."""
    current = state.runs.current(pipeline)
    if current is None:
        return ""
    made = state.runs.with_closure(pipeline, current.closure)
    executed = [run for run in made if run.status is RunStatus.SUCCEEDED]
    return executed[-1].revision if executed else current.revision


def _before(known: Sequence[Earlier], now: str, resource: Resource) -> Earlier:
    revisions = [each.revision for each in known]
    ran = [each for each in known if each.run] if resource.kind == Kind.PIPELINE else known
    at = revisions.index(now) if now in revisions else -1
    before = [each for each in ran if revisions.index(each.revision) > at]
    if not before:
        hint = f"those that there are: {_listed(known)}" if known else "nothing was applied yet"
        raise UsageError(f"{resource.kind} {resource.name} has no earlier revision to go back to", hint=hint)
    return before[0]


def _named(known: Sequence[Earlier], wanted: str, resource: Resource) -> Earlier:
    commit = wanted.rpartition("sha1:")[2].lower()
    found = [each for each in known if len(commit) >= _SHORTEST and each.commit.startswith(commit)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"`{wanted}` stands for several revisions", hint=f"choose one of: {_listed(found)}")
    hint = f"choose one of: {_listed(known)}" if known else "nothing was applied yet"
    raise UnknownError(f"`{wanted}` was never applied to {resource.kind} {resource.name}", hint=hint)


def _listed(known: Sequence[Earlier]) -> str:
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(each.commit[:10] for each in known[:_SHOWN]) + more
