"""The JSON that other programs rely on, read back: what a daemon elsewhere tells of resources and events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.model.events import Event, EventType
from reconciler.model.pins import Pin
from reconciler.model.status import Condition, ConditionType, Resource
from reconciler.model.suspensions import Suspension

Body = Mapping[str, Any]


def resource_of(body: Body) -> Resource:
    """A resource, as far as its JSON tells it."""
    source, kind, name = body["source"], body["kind"], body["name"]
    held, pinned = body["suspension"], body["pin"]
    return Resource(
        kind,
        name,
        body["version"],
        source,
        body["revision"],
        tuple(_condition_of(each) for each in body["conditions"]),
        body["suspended"],
        Suspension(source, kind, name, held["by"], held["since"], held["reason"] or "") if held else None,
        _pin_of(source, kind, name, pinned) if pinned else None,
    )


def event_of(body: Body) -> Event:
    """An event, as far as its JSON tells it."""
    return Event(
        body["source"] or "",
        body["kind"],
        body["name"],
        EventType(body["type"]),
        body["reason"],
        body["message"],
        body["revision"] or "",
        body["run"] or "",
        id=body["id"],
        count=body["count"],
        first=moment_of(body["first"]),
        last=moment_of(body["last"]),
    )


def moment_of(text: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def _condition_of(body: Body) -> Condition:
    return Condition(
        ConditionType(body["type"]), body["status"], body["reason"], body["message"], moment_of(body["since"])
    )


def _pin_of(source: str, kind: str, name: str, body: Body) -> Pin:
    commit = body["revision"].rpartition("sha1:")[2]
    return Pin(source, kind, name, body["revision"], commit, body["by"], body["since"], body["reason"] or "")
