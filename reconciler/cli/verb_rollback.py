"""`rollback` and `unpin`: hold a source or a pipeline at an earlier revision, and let go of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.cli.open_revert import open_revert
from reconciler.cli.output import harmless, say
from reconciler.cli.person import caller
from reconciler.cli.tell_daemon import tell_daemon
from reconciler.cli.verbs_state import all_resources
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.pins import Pin
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import Resource
from reconciler.model.suspensions import SOURCE
from reconciler.state.folder import StateFolder
from reconciler.state.history import APPLIED
from reconciler.state.store import State

_SHORTEST = 4  # of a commit
_SHOWN = 5
_MOST_RUNS = 1000
_KINDS = (SOURCE, Kind.PIPELINE)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A revision that can be gone back to, and the run of it that is put back."""

    revision: str
    run: str = ""

    @property
    def commit(self) -> str:
        return self.revision.rpartition("sha1:")[2]


def rollback(
    target: str, wanted: str | None, reason: str, folder: StateFolder, branch: str | None, configuration: Configuration
) -> int:
    """Hold something at an earlier revision, the one before the present one where none is named.

    Args:
        branch: to have the revert committed to it instead.

    Raises:
        UsageError: there is no such thing, or no such revision of it.
    """
    state = State(folder)
    try:
        resource = _target(state, target)
        if branch is not None and resource.kind != SOURCE:
            hint = (
                f"revert the source: `reconciler rollback {SOURCE}/{resource.source} REVISION --open-revert {branch}`"
            )
            raise UsageError("a revert is one of all that its revision holds, not of one pipeline", hint=hint)
        earlier = _earlier(state, resource, wanted)
        source = state.sources.get(resource.source)
        if branch is not None and source is not None:
            return open_revert(state, source, earlier.commit, branch, " ".join(reason.split()), configuration)
        with state.database.transaction():
            pin = state.pins.pin(_pin(resource, earlier, reason), time.time())
            state.events.record([_event(pin, "Pinned", pin.told)], time.time())
        say(harmless(f"{resource.kind} {resource.name}: {pin.told}"))
        say(f"newer revisions start nothing of it until `reconciler unpin {target}`")
        return tell_daemon(state, "rollback")
    finally:
        state.close()


def unpin(target: str, folder: StateFolder) -> int:
    """Let go of what is pinned; what Git says counts again.

    Raises:
        UsageError: there is no such thing.
    """
    state = State(folder)
    try:
        resource = _target(state, target)
        if resource.pin is None:
            say(f"{resource.kind} {resource.name} is not pinned")
            return 0
        message = f"let go of by {caller()}; it was {resource.pin.told}"
        with state.database.transaction():
            state.pins.unpin(resource.pin)
            state.events.record([_event(resource.pin, "Unpinned", message)], time.time())
        say(harmless(f"{resource.kind} {resource.name}: let go of; it was {resource.pin.told}"))
        return tell_daemon(state, "unpin")
    finally:
        state.close()


def _pin(resource: Resource, earlier: _Earlier, reason: str) -> Pin:
    why = " ".join(reason.split())
    kind, name = str(resource.kind), resource.name
    return Pin(resource.source, kind, name, earlier.revision, earlier.commit, caller(), "", why, earlier.run)


def _event(pin: Pin, reason: str, message: str) -> Event:
    return Event(pin.source, pin.kind, pin.name, EventType.NORMAL, reason, message, pin.revision)


def _target(state: State, target: str) -> Resource:
    """The source or pipeline of that name; `source/NAME` and `pipeline/NAME` say which of two is meant."""
    kind, slash, name = target.partition("/")
    wanted, name = ((kind,), name) if slash and kind in _KINDS else (_KINDS, target)
    resources = [each for each in all_resources(state) if each.kind in _KINDS]
    gone = [_gone(pin) for pin in state.pins.all() if not _is_among(pin, resources)]
    found = [each for each in (*resources, *gone) if each.kind in wanted and each.name == name]
    if not found:
        hint = did_you_mean(name, [each.name for each in resources], "see `reconciler get`")
        raise UsageError(f"there is no source and no pipeline `{target}`", hint=hint)
    if len({each.kind for each in found}) > 1:
        hint = f"write `{SOURCE}/{name}` or `{Kind.PIPELINE}/{name}`"
        raise UsageError(f"`{name}` is a source and a pipeline", hint=hint)
    return found[0]


def _is_among(pin: Pin, resources: Sequence[Resource]) -> bool:
    return any((each.source, each.kind, each.name) == (pin.source, pin.kind, pin.name) for each in resources)


def _gone(pin: Pin) -> Resource:
    return Resource(pin.kind, pin.name, None, pin.source, pin.revision, (), pin=pin)


def _earlier(state: State, resource: Resource, wanted: str | None) -> _Earlier:
    applied = _applied(state, resource.source)
    if resource.kind == SOURCE:
        known, now = [_Earlier(revision) for revision in applied], resource.revision
    else:
        known, now = _of_pipeline(state, resource, applied), _current_revision(state, resource.name)
    if wanted is None:
        return _before(known, now, resource)
    return _named(known, wanted, resource)


def _applied(state: State, source: str) -> list[str]:
    """The revisions that were applied, that which was applied first last."""
    outcomes = [each for each in state.history.revisions(source) if each.outcome == APPLIED]
    return [each.revision for each in sorted(outcomes, key=lambda each: each.first, reverse=True)]


def _of_pipeline(state: State, resource: Resource, applied: Sequence[str]) -> list[_Earlier]:
    """The revisions at which a pipeline ran well, the newest first, then those that were only applied."""
    ran = [_Earlier(run.revision, run.id) for run in _good_runs(state, resource)]
    once = {each.revision: each for each in reversed(ran)}
    newest_first = [each for each in ran if once.get(each.revision) is each]
    return [*newest_first, *(_Earlier(revision) for revision in applied if revision not in once)]


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


def _before(known: Sequence[_Earlier], now: str, resource: Resource) -> _Earlier:
    revisions = [each.revision for each in known]
    ran = [each for each in known if each.run] if resource.kind == Kind.PIPELINE else known
    at = revisions.index(now) if now in revisions else -1
    before = [each for each in ran if revisions.index(each.revision) > at]
    if not before:
        hint = f"those that there are: {_listed(known)}" if known else "nothing was applied yet"
        raise UsageError(f"{resource.kind} {resource.name} has no earlier revision to go back to", hint=hint)
    return before[0]


def _named(known: Sequence[_Earlier], wanted: str, resource: Resource) -> _Earlier:
    commit = wanted.rpartition("sha1:")[2].lower()
    found = [each for each in known if len(commit) >= _SHORTEST and each.commit.startswith(commit)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"`{wanted}` stands for several revisions", hint=f"choose one of: {_listed(found)}")
    hint = f"choose one of: {_listed(known)}" if known else "nothing was applied yet"
    raise UsageError(f"`{wanted}` was never applied to {resource.kind} {resource.name}", hint=hint)


def _listed(known: Sequence[_Earlier]) -> str:
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(each.commit[:10] for each in known[:_SHOWN]) + more
