"""Conditions of a resource, as Flux has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.model.manifests import Kind
from reconciler.model.pins import Pin
from reconciler.model.suspensions import IN_GIT, Suspension


class ConditionType(StrEnum):
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Trouble(StrEnum):
    """Who or what puts right that a resource is not as Git says."""

    STALLING = "stalling"
    """A person."""
    WAITING = "waiting"
    """The thing that is waited for, which wakes the daemon when it comes."""
    TRANSIENT = "transient"
    """Another try, later and later."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One statement about a resource; times are seconds since the epoch.

    Attributes:
        since: when `status` last changed.
        trouble: None where nothing is wrong.
        tries: how often in a row it went wrong.
        next_try: None where none is known.
    """

    type: ConditionType
    status: bool
    reason: str
    message: str
    since: float = 0.0
    trouble: Trouble | None = None
    tries: int = 0
    next_try: float | None = None


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
    return (Condition(ConditionType.READY, False, reason, message, trouble=Trouble.STALLING),)


def reconciling(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that is on its way."""
    return (
        Condition(ConditionType.READY, False, reason, message),
        Condition(ConditionType.RECONCILING, True, reason, message),
    )


def waits(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that waits for something, which the message names."""
    return _troubled(ConditionType.RECONCILING, Condition(ConditionType.READY, False, reason, message), Trouble.WAITING)


def transient(reason: str, message: str, tries: int = 0, next_try: float | None = None) -> tuple[Condition, ...]:
    """The conditions of a resource with which something is tried again."""
    said = Condition(ConditionType.READY, False, reason, message, tries=tries, next_try=next_try)
    return _troubled(ConditionType.RECONCILING, said, Trouble.TRANSIENT)


def stalled(reason: str, message: str) -> tuple[Condition, ...]:
    """The conditions of a resource that waits for a person."""
    return _troubled(ConditionType.STALLED, Condition(ConditionType.READY, False, reason, message), Trouble.STALLING)


def _troubled(kind: ConditionType, said: Condition, trouble: Trouble) -> tuple[Condition, ...]:
    said = replace(said, trouble=trouble)
    return said, replace(said, type=kind, status=True)
