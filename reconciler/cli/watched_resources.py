"""`get --watch`: the table redrawn on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from reconciler.cli.moments import local_time
from reconciler.cli.output import Format, harmless, rich_table
from reconciler.cli.watching import Watched, tell, tell_data, watch
from reconciler.model.events import SOURCE_KIND

Key = tuple[str, str, str]
Body = dict[str, Any]


def watch_resources(
    watched: Watched,
    listed: Callable[[], list[Body]],
    headers: Sequence[str],
    row: Callable[[Body], Sequence[str]],
    form: Format,
) -> None:
    """Show how resources stand until somebody ends it; `listed` reads them, `row` is one of them in the table."""
    if form is not Format.TABLE or not sys.stdout.isatty():
        watch(watched, _Changes(listed, row, form).tell)
        return
    from rich.live import Live

    with Live(auto_refresh=False) as live:

        def look() -> None:
            live.update(rich_table(headers, [row(resource) for resource in listed()]), refresh=True)

        watch(watched, look)


class _Changes:
    """Tells what is said of resources, and from then on what is said differently."""

    def __init__(self, listed: Callable[[], list[Body]], row: Callable[[Body], Sequence[str]], form: Format) -> None:
        self._listed = listed
        self._row = row
        self._form = form
        self._known: dict[Key, tuple[object, Body]] = {}

    def tell(self) -> None:
        found = {_key(resource): resource for resource in self._listed()}
        for key in [key for key in self._known if key not in found]:
            self._tell(self._known.pop(key)[1], is_gone=True)
        for key, resource in found.items():
            said = _said(resource)
            if key not in self._known or self._known[key][0] != said:
                self._known[key] = (said, resource)
                self._tell(resource)

    def _tell(self, resource: Body, is_gone: bool = False) -> None:
        if self._form is Format.JSON:
            tell_data({**resource, "removed": is_gone})
            return
        kind, name, version, ready, reason, message, *_ = self._row(resource)
        if is_gone:
            ready, reason, message = "", "Removed", "is gone from its source"
        subject = f"{kind}/{name} {version}".rstrip()
        tell(harmless(f"{local_time(time.time())}  {subject:<34}  {ready:<5}  {reason:<16}  {message}".rstrip()))


def _key(resource: Body) -> Key:
    return resource["source"], resource["kind"], resource["name"]


def _said(resource: Body) -> object:
    """What counts as another statement: a revision that changes nothing of a resource does not."""
    conditions = [(each["type"], each["status"], each["reason"], _message(each)) for each in resource["conditions"]]
    revision = resource["revision"] if resource["kind"] == SOURCE_KIND else ""
    return resource["version"], resource["suspended"], conditions, revision


def _message(condition: Body) -> str:
    """What it says, without how often it was tried and when it is again, which is no news."""
    message: str = condition["message"]
    for more in (f"tried {condition['tries']} time", "next at "):
        if condition["next_try"] or condition["tries"]:
            message = message.rpartition(more)[0] or message
    return message
