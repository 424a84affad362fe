"""`get --watch`: the table redrawn on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from reconciler.cli.contract import resource_json
from reconciler.cli.moments import local_time
from reconciler.cli.output import Format, harmless, rich_table
from reconciler.cli.watching import tell, tell_data, watch
from reconciler.model.events import SOURCE_KIND
from reconciler.model.status import Resource
from reconciler.state.store import State

Key = tuple[str, str, str]


def watch_resources(
    state: State,
    listed: Callable[[], list[Resource]],
    headers: Sequence[str],
    row: Callable[[Resource], Sequence[str]],
    form: Format,
) -> None:
    """Show how resources stand until somebody ends it; `listed` reads them, `row` is one of them in the table."""
    if form is not Format.TABLE or not sys.stdout.isatty():
        watch(state, _Changes(listed, row, form).tell)
        return
    from rich.live import Live

    with Live(auto_refresh=False) as live:

        def look() -> None:
            live.update(rich_table(headers, [row(resource) for resource in listed()]), refresh=True)

        watch(state, look)


class _Changes:
    """Tells what is said of resources, and from then on what is said differently."""

    def __init__(
        self, listed: Callable[[], list[Resource]], row: Callable[[Resource], Sequence[str]], form: Format
    ) -> None:
        self._listed = listed
        self._row = row
        self._form = form
        self._known: dict[Key, tuple[object, Resource]] = {}

    def tell(self) -> None:
        found = {_key(resource): resource for resource in self._listed()}
        for key in [key for key in self._known if key not in found]:
            self._tell(self._known.pop(key)[1], is_gone=True)
        for key, resource in found.items():
            said = _said(resource)
            if key not in self._known or self._known[key][0] != said:
                self._known[key] = (said, resource)
                self._tell(resource)

    def _tell(self, resource: Resource, is_gone: bool = False) -> None:
        if self._form is Format.JSON:
            tell_data({**resource_json(resource), "removed": is_gone})
            return
        kind, name, version, ready, reason, message, *_ = self._row(resource)
        if is_gone:
            ready, reason, message = "", "Removed", "is gone from its source"
        subject = f"{kind}/{name} {version}".rstrip()
        tell(harmless(f"{local_time(time.time())}  {subject:<34}  {ready:<5}  {reason:<16}  {message}".rstrip()))


def _key(resource: Resource) -> Key:
    return resource.source, str(resource.kind), resource.name


def _said(resource: Resource) -> object:
    """What counts as another statement: a revision that changes nothing of a resource does not."""
    conditions = [(each.type, each.status, each.reason, each.message) for each in resource.conditions]
    revision = resource.revision if resource.kind == SOURCE_KIND else ""
    return resource.version, resource.is_suspended, conditions, revision
