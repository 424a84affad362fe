"""`events`: what happened lately, and what happens now."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.cli.contract_read import event_of
from reconciler.cli.event_text import EVENT_HEADERS, event_json, event_row
from reconciler.cli.moments import moment_since
from reconciler.cli.output import Format, complain, harmless, print_data, print_table
from reconciler.cli.reads import ServerReads, StateReads, reads_of
from reconciler.cli.verbs_state import EVERY, all_resources, singular
from reconciler.cli.watching import check_form, ending_well, tell, tell_data, watch
from reconciler.cli.whereabouts import Server, Where, client_of
from reconciler.model.errors import UnknownError
from reconciler.model.nearest import did_you_mean
from reconciler.model.notifications import RECEIVER_KIND
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

if TYPE_CHECKING:
    from reconciler.cli.daemon_client import DaemonClient

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventsWish:
    """Which events are to be told; `since` as it was written."""

    kind: str = EVERY
    name: str | None = None
    since: str | None = None
    limit: int = 100
    is_watching: bool = False


def events(wish: EventsWish, where: Where, form: Format) -> int:
    """Print events, the oldest first; with `is_watching`, also those that follow.

    Raises:
        UsageError: there is no such kind or resource, or `since` is no time.
    """
    kind = singular(wish.kind, EVERY, RECEIVER_KIND)
    wanted = None if kind == EVERY else kind
    since = moment_since(wish.since, time.time()) if wish.since else 0.0
    if wish.is_watching:
        check_form(form)
        if isinstance(where, Server):
            _listen(client_of(where), wanted, wish, since, form)
        else:
            _watch(where, wanted, wish, since, form)
        return 0
    with reads_of(where) as reads:
        found = reads.events(wanted, wish.name, since, wish.limit)
    if form is not Format.TABLE:
        print_data(found, form)
    elif found:
        print_table(EVENT_HEADERS, [event_row(event_of(each)) for each in found])
    else:
        complain("no events")
    return 0


def events_json(
    state: State, kind: str | None, name: str | None, since: float, limit: int, source: str | None = None
) -> list[Body]:
    """What happened lately, the oldest first.

    Raises:
        UnknownError: nothing is known of a resource of that name.
    """
    found = state.events.recent(kind, name, source, since, limit)
    if name is not None and not found:
        _check_is_known(state, kind, name)
    return [event_json(each) for each in found]


def _watch(folder: StateFolder, kind: str | None, wish: EventsWish, since: float, form: Format) -> None:
    state = State(folder)
    try:
        with state.database.snapshot():
            told = state.events.newest()
            found = state.events.recent(kind, wish.name, since=since, limit=wish.limit)
        if wish.name is not None and not found:
            _check_is_known(state, kind, wish.name)

        def look() -> None:
            nonlocal told
            fresh = state.events.after(told, kind, wish.name)
            for each in (*found, *fresh):
                _tell(event_json(each), form)
            found.clear()
            told = fresh[-1].change if fresh else told

        watch(StateReads(state), look)
    finally:
        state.close()


def _listen(daemon: DaemonClient, kind: str | None, wish: EventsWish, since: float, form: Format) -> None:
    """As the daemon tells them; those that happen between the first look and the stream are in both, and told once."""
    with ending_well(), daemon.stream("events", "stream", kind=kind, name=wish.name) as happening:
        known = ServerReads(daemon).events(kind, wish.name, since, wish.limit)
        for each in known:
            _tell(each, form)
        seen = {(each["id"], each["count"]) for each in known}
        for _, data in happening:
            fresh = json.loads(data)
            if (fresh["id"], fresh["count"]) not in seen:
                _tell(fresh, form)


def _tell(body: Body, form: Format) -> None:
    if form is Format.JSON:
        tell_data(body)
        return
    seen, kind, reason, resource, message = event_row(event_of(body))
    tell(harmless(f"{seen}  {kind:<7}  {reason:<17}  {resource:<28}  {message}"))


def _check_is_known(state: State, kind: str | None, name: str) -> None:
    """Raises:
    UnknownError: nothing is known of the name, so that nothing will ever happen to it.
    """
    resources = [each for each in all_resources(state) if kind in (None, each.kind)]
    happened = state.events.recent(kind, name, limit=1)
    ran = kind in (None, "pipeline") and state.runs.recent(name, limit=1)
    if happened or ran or name in {each.name for each in resources}:
        return
    known = {*(each.name for each in resources), *(each.name for each in state.events.recent(kind))}
    hint = did_you_mean(name, sorted(known), "see `reconciler get` and `reconciler events`")
    raise UnknownError(f"there is no {kind or 'resource'} `{name}`", hint=hint)
