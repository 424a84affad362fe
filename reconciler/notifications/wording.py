"""What is told, in words for people and in fields for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.model.events import EventType, fields_of_event
from reconciler.model.notifications import Notification

_LONGEST = 1500
_MOST_METRICS = 3


def title(notification: Notification) -> str:
    """Of what it is, and what happened to that, in a line."""
    event = notification.event
    sign = "⚠ " if event.type is EventType.WARNING else ""
    return one_line(f"{sign}{event.kind}/{event.name}: {event.reason}")


def message(notification: Notification) -> str:
    """What the event says, with the metrics of its run."""
    told = harmless(notification.event.message.strip())
    if len(told) > _LONGEST:
        told = f"{told[:_LONGEST]} …"
    figures = metrics_text(notification.metrics)
    return f"{told} · {figures}" if figures else told


def context(notification: Notification) -> str:
    """Where it happened and when, in a line."""
    event = notification.event
    said = [f"source {event.source}" if event.source else "", event.revision, _moment(event.last)]
    return one_line(" · ".join(filter(None, said)))


def others(notification: Notification) -> str:
    """What else it stands for, "" where that is nothing."""
    if not notification.more:
        return ""
    return f"and {notification.more} more, too fast to be told one by one: see `reconciler events`"


def metrics_text(metrics: Mapping[str, float]) -> str:
    """A few metrics in a line."""
    shown = [f"{name} {value:.4g}" for name, value in list(metrics.items())[:_MOST_METRICS]]
    return one_line(", ".join(shown))


def fields_of(notification: Notification) -> dict[str, Any]:
    """All of it, as `reconciler events -o json` has events."""
    event = notification.event
    return {
        "delivery": notification.delivery,
        **fields_of_event(event),
        "moment": _moment(event.last),
        "metrics": dict(notification.metrics),
        "more": notification.more,
    }


def one_line(text: str) -> str:
    return harmless(" ".join(text.split()))


def harmless(text: str) -> str:
    """Text without what would steer a terminal or turn the direction of writing; line breaks stay."""
    return "".join(each for each in text if each == "\n" or unicodedata.category(each) not in ("Cc", "Cf", "Cs"))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
