"""Holding a source, a pipeline or a schedule still, and letting go of it, in the state."""

from __future__ import annotations

from reconciler.cli.act_told import ActTold, of_one_source
from reconciler.cli.verbs_state import all_resources, singular
from reconciler.model.errors import UnknownError, UsageError
from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.status import Resource
from reconciler.model.suspensions import SOURCE, Suspension
from reconciler.state.store import State

_KINDS = (SOURCE, Kind.PIPELINE, Kind.SCHEDULE)


def hold(state: State, kind: str, name: str, source: str | None, reason: str, by: str, now: float) -> ActTold:
    """Hold something still.

    Args:
        source: whose pipeline or schedule is meant, None where only one has it.

    Raises:
        UsageError: there is no such thing, or several, or it is of a kind that nothing starts.
    """
    found = _named(state, kind, name, source)
    with state.database.transaction():
        suspension = state.suspensions.suspend(found.source, str(found.kind), name, by, " ".join(reason.split()), now)
        state.events.record([_event(found, "Suspended", suspension.told)], now)
    return _told(state, found, f"{found.kind} {name}: {suspension.told}")


def let_go(state: State, kind: str, name: str, source: str | None, by: str, now: float) -> ActTold:
    """Let go of something; not good where it is its manifest that holds it.

    Args:
        source: see `hold`.

    Raises:
        UsageError: there is no such thing, or several.
    """
    found = _named(state, kind, name, source)
    suspension, line = found.suspension, ""
    if suspension is not None:
        with state.database.transaction():
            state.suspensions.resume(found.source, suspension.kind, name, now)
            message = f"resumed by {by}; it was {suspension.told}"
            state.events.record([_event(found, "Resumed", message)], now)
        line = f"{found.kind} {name}: resumed; it was {suspension.told}"
    elif not found.is_suspended:
        line = f"{found.kind} {name} is not suspended"
    if _is_held_by_git(state, found):
        warning = f"{found.kind} {name} stays suspended: take `suspended: true` out of its manifest"
        return _told(state, found, line, warning)
    return _told(state, found, line)


def _told(state: State, found: Resource, line: str, warning: str = "") -> ActTold:
    now = {(each.source, each.kind, each.name): each for each in all_resources(state)}
    resource = now.get((found.source, found.kind, found.name), found)
    lines, warnings = tuple(filter(None, (line,))), tuple(filter(None, (warning,)))
    return ActTold(lines, warnings, not warnings, (resource,), found.source)


def _event(found: Resource, reason: str, message: str) -> Event:
    return Event(found.source, str(found.kind), found.name, EventType.NORMAL, reason, message, found.revision)


def _named(state: State, kind: str, name: str, source: str | None) -> Resource:
    """What goes by that kind and name; also what is gone but was held still."""
    wanted = singular(kind)
    if wanted not in _KINDS:
        hint = f"choose one of: {', '.join(_KINDS)}"
        raise UsageError(f"a {wanted} cannot be suspended, as nothing starts of it", hint=hint)
    resources = all_resources(state)
    found = [each for each in resources if (each.kind, each.name) == (wanted, name)]
    known = {(each.source, each.name) for each in found}
    found += [_gone(each) for each in state.suspensions.all() if _is_gone(each, wanted, name, known)]
    if not found:
        names = [each.name for each in resources if each.kind == wanted]
        hint = did_you_mean(name, names, f"see `reconciler get {wanted}`")
        raise UnknownError(f"there is no {wanted} `{name}`", hint=hint)
    return of_one_source(found, source)


def _is_gone(each: Suspension, kind: str, name: str, known: set[tuple[str, str]]) -> bool:
    return (each.kind, each.name) == (kind, name) and (each.source, name) not in known


def _gone(suspension: Suspension) -> Resource:
    return Resource(suspension.kind, suspension.name, None, suspension.source, "", (), True, suspension)


def _is_held_by_git(state: State, found: Resource) -> bool:
    resources = state.sources.resources(found.source)
    return any(each.is_suspended for each in resources if (each.kind, each.name) == (found.kind, found.name))
