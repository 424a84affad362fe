"""Events and notifications of them, as tests need them."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.events import Event, EventType
from reconciler.model.notifications import Notification

from .forges_served import COMMIT

MOMENT = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def event(
    reason: str = "RunFailed",
    message: str = "greet-1: step train: exited with status 3",
    kind: str = "pipeline",
    name: str = "greet",
    source: str = "main",
    type: EventType | None = None,
    run_id: str = "",
) -> Event:
    given = EventType.WARNING if reason in ("RunFailed", "InvalidManifests") else EventType.NORMAL
    return Event(
        source, kind, name, type or given, reason, message, f"main@sha1:{COMMIT}", run_id, first=MOMENT, last=MOMENT
    )


def notification(
    told: Event | None = None,
    more: int = 0,
    metrics: Mapping[str, float] | None = None,
    source_url: str = "",
) -> Notification:
    return Notification("d" * 32, told or event(), source_url, metrics or {}, more)
