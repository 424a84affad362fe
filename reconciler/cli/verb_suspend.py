"""`suspend` and `resume`: hold a source, a pipeline or a schedule still, and let go of it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from reconciler.cli.output import complain, harmless, say
from reconciler.cli.person import caller
from reconciler.cli.tell_daemon import tell_daemon
from reconciler.cli.verbs_state import all_resources, singular
from reconciler.model.errors import UsageError
from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.status import Resource
from reconciler.model.suspensions import SOURCE, Suspension
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

_KINDS = (SOURCE, Kind.PIPELINE, Kind.SCHEDULE)


def suspend(kind: str, name: str, reason: str, folder: StateFolder) -> int:
    """Hold something still, in each source that has it.

    Raises:
        UsageError: there is no such thing, or it is of a kind that nothing starts.
    """
    state = State(folder)
    try:
        for found in _named(state, kind, name):
            now = time.time()
            with state.database.transaction():
                suspension = state.suspensions.suspend(
                    found.source, str(found.kind), name, caller(), " ".join(reason.split()), now
                )
                state.events.record([_event(found, "Suspended", suspension.told)], now)
            say(harmless(f"{found.kind} {name}: {suspension.told}"))
        return tell_daemon(state, "suspend")
    finally:
        state.close()


def resume(kind: str, name: str, folder: StateFolder) -> int:
    """Let go of something; 1 where it is its manifest that holds it.

    Raises:
        UsageError: there is no such thing.
    """
    state = State(folder)
    try:
        is_let_go = True
        for found in _named(state, kind, name):
            if found.suspension is not None:
                now = time.time()
                with state.database.transaction():
                    state.suspensions.resume(found.source, found.suspension.kind, name, now)
                    message = f"resumed by {caller()}; it was {found.suspension.told}"
                    state.events.record([_event(found, "Resumed", message)], now)
                say(harmless(f"{found.kind} {name}: resumed; it was {found.suspension.told}"))
            elif not found.is_suspended:
                say(f"{found.kind} {name} is not suspended")
            if _is_held_by_git(state, found):
                complain(f"{found.kind} {name} stays suspended: take `suspended: true` out of its manifest")
                is_let_go = False
        told = tell_daemon(state, "resume")
        return told if is_let_go else 1
    finally:
        state.close()


def _event(found: Resource, reason: str, message: str) -> Event:
    return Event(found.source, str(found.kind), found.name, EventType.NORMAL, reason, message, found.revision)


def _named(state: State, kind: str, name: str) -> list[Resource]:
    """What goes by that kind and name, in each source; also what is gone but was held still."""
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
        raise UsageError(f"there is no {wanted} `{name}`", hint=hint)
    return found


def _is_gone(each: Suspension, kind: str, name: str, known: set[tuple[str, str]]) -> bool:
    return (each.kind, each.name) == (kind, name) and (each.source, name) not in known


def _gone(suspension: Suspension) -> Resource:
    return Resource(suspension.kind, suspension.name, None, suspension.source, "", (), True, suspension)


def _is_held_by_git(state: State, found: Resource) -> bool:
    resources: Sequence[Resource] = state.sources.resources(found.source)
    return any(each.is_suspended for each in resources if (each.kind, each.name) == (found.kind, found.name))
