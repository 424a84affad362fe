"""Revisions that wait until a pipeline's run of an earlier one has ended."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.releases import Resolution


@dataclass(frozen=True, slots=True)
class WaitingRevision:
    """A revision that is to run a pipeline, and cannot yet.

    Attributes:
        closure: of the pipeline at that revision.
        trigger: what brought the revision.
        since: seconds since the epoch.
        lock: what the pipeline's references were resolved to then.
        number: its place among all that ever waited, 0 before it is kept.
    """

    source: str
    pipeline: str
    revision: str
    commit: str
    closure: str
    trigger: str
    since: float
    lock: tuple[Resolution, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class SkippedRevision:
    """A revision that waited and will not run; `is_loss` where somebody counted on it to."""

    waiting: WaitingRevision
    why: str
    is_loss: bool = False
