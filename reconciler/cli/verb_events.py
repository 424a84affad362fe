"""`events`: what happened lately, and what happens now."""

from __future__ import annotations

import time
from dataclasses import dataclass

from reconciler.cli.event_text import EVENT_HEADERS, event_json, event_row
from reconciler.cli.moments import moment_since
from reconciler.cli.output import Format, complain, harmless, print_data, print_table
from reconciler.cli.verbs_state import EVERY, all_resources, singular
from reconciler.cli.watching import check_form, tell, tell_data, watch
from reconciler.model.errors import UsageError
from reconciler.model.events import Event
from reconciler.model.nearest import did_you_mean
from reconciler.model.notifications import RECEIVER_KIND
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class EventsWish:
    """Which events are to be told; `since` as it was written."""

    kind: str = EVERY
    name: str | None = None
    since: str | None = None
    limit: int = 100
    is_watching: bool = False


def events(wish: EventsWish, folder: StateFolder, form: Format) -> int:
    """Print events, the oldest first; with `is_watching`, also those that follow.

    Raises:
        UsageError: there is no such kind or resource, or `since` is no time.
    """
    kind = singular(wish.kind, EVERY, RECEIVER_KIND)
    wanted = None if kind == EVERY else kind
    since = moment_since(wish.since, time.time()) if wish.since else 0.0
    if wish.is_watching:
        check_form(form)
    state = State(folder)
    try:
        with state.database.snapshot():
            newest = state.events.newest()
            found = state.events.recent(wanted, wish.name, since=since, limit=wish.limit)
        if wish.name is not None and not found:
            _check_is_known(state, wanted, wish.name)
        if wish.is_watching:
            _watch(state, wanted, wish.name, found, newest, form)
        elif form is not Format.TABLE:
            print_data([event_json(each) for each in found], form)
        elif found:
            print_table(EVENT_HEADERS, [event_row(each) for each in found])
        else:
            complain("no events")
        return 0
    finally:
        state.close()


def _watch(state: State, kind: str | None, name: str | None, found: list[Event], newest: int, form: Format) -> None:
    told = newest

    def look() -> None:
        nonlocal told
        fresh = state.events.after(told, kind, name)
        for each in (*found, *fresh):
            _tell(each, form)
        found.clear()
        told = fresh[-1].change if fresh else told

    watch(state, look)


def _tell(event: Event, form: Format) -> None:
    if form is Format.JSON:
        tell_data(event_json(event))
        return
    seen, kind, reason, resource, message = event_row(event)
    tell(harmless(f"{seen}  {kind:<7}  {reason:<17}  {resource:<28}  {message}"))


def _check_is_known(state: State, kind: str | None, name: str) -> None:
    """Raises:
    UsageError: nothing is known of the name, so that nothing will ever happen to it.
    """
    resources = [each for each in all_resources(state) if kind in (None, each.kind)]
    happened = state.events.recent(kind, name, limit=1)
    ran = kind in (None, "pipeline") and state.runs.recent(name, limit=1)
    if happened or ran or name in {each.name for each in resources}:
        return
    known = {*(each.name for each in resources), *(each.name for each in state.events.recent(kind))}
    hint = did_you_mean(name, sorted(known), "see `reconciler get` and `reconciler events`")
    raise UsageError(f"there is no {kind or 'resource'} `{name}`", hint=hint)
