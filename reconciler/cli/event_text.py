"""Events as programs and people read them."""

from __future__ import annotations

from typing import Any

from reconciler.cli.contract import rfc3339
from reconciler.cli.moments import local_time
from reconciler.model.events import Event, fields_of_event

EVENT_HEADERS = ("LAST SEEN", "TYPE", "REASON", "RESOURCE", "MESSAGE")


def event_json(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        **fields_of_event(event),
        "count": event.count,
        "first": rfc3339(event.first),
        "last": rfc3339(event.last),
    }


def event_row(event: Event) -> tuple[str, str, str, str, str]:
    first, _, more = event.message.partition("\n")
    times = f" (×{event.count})" if event.count > 1 else ""
    message = f"{first}{' …' if more else ''}{times}"
    return local_time(event.last), event.type, event.reason, f"{event.kind}/{event.name}", message
