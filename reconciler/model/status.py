"""Conditions of a resource, as Flux has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.manifests import Kind


class ConditionType(StrEnum):
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


@dataclass(frozen=True, slots=True)
class Condition:
    """One statement about a resource; `since` is when `status` last changed (seconds since the epoch)."""

    type: ConditionType
    status: bool
    reason: str
    message: str
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Resource:
    """A manifest or a source as the daemon sees it now."""

    kind: Kind | str
    name: str
    version: str | None
    source: str
    revision: str
    conditions: tuple[Condition, ...]
    is_suspended: bool = False

    def condition(self, wanted: ConditionType) -> Condition | None:
        return next((condition for condition in self.conditions if condition.type is wanted), None)


def ready(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that is as Git says."""
    return (Condition(ConditionType.READY, True, reason, message),)


def reconciling(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that is on its way."""
    return (
        Condition(ConditionType.READY, False, reason, message),
        Condition(ConditionType.RECONCILING, True, reason, message),
    )


def stalled(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that waits for a person."""
    return (
        Condition(ConditionType.READY, False, reason, message),
        Condition(ConditionType.STALLED, True, reason, message),
    )
