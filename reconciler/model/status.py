"""Conditions of a resource, as Flux has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.manifests import Kind
from reconciler.model.pins import Pin
from reconciler.model.suspensions import IN_GIT, Suspension


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
    """A manifest or a source as the daemon sees it now.

    Attributes:
        suspension: by hand, None where it is not; one that is suspended in Git has none either.
        pin: the earlier revision that somebody holds it at, None for the newest.
    """

    kind: Kind | str
    name: str
    version: str | None
    source: str
    revision: str
    conditions: tuple[Condition, ...]
    is_suspended: bool = False
    suspension: Suspension | None = None
    pin: Pin | None = None

    @property
    def why_suspended(self) -> str:
        """Who holds it still and why, "" where nobody does."""
        if self.suspension is not None:
            return self.suspension.told
        return IN_GIT if self.is_suspended else ""

    def condition(self, wanted: ConditionType) -> Condition | None:
        return next((condition for condition in self.conditions if condition.type is wanted), None)


def ready(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that is as Git says."""
    return (Condition(ConditionType.READY, True, reason, message),)


def not_ready(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that is not as it should be, which nobody is about to mend."""
    return (Condition(ConditionType.READY, False, reason, message),)


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
