"""How much a revision may take away of a source without anybody being asked."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.model.desired import Desired
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.plan import Pruned

_FEWEST = 3  # taking away one of two is everyday work
_TOLD = 20

Key = tuple[Kind, str]


def removed(desired: Desired, applied: Collection[Key]) -> tuple[Pruned, ...]:
    """What was applied before and is gone; with `prune: false` it is kept, and nothing is removed."""
    return tuple(Pruned(kind, name) for kind, name in _left_git(desired, applied)) if desired.settings.is_pruned else ()


def orphaned(desired: Desired, applied: Collection[Key]) -> tuple[Key, ...]:
    """What is kept although it is gone from Git."""
    return () if desired.settings.is_pruned else tuple(_left_git(desired, applied))


def too_much_said(gone: Collection[Pruned], desired: Desired, applied: Collection[Key], most: float) -> str:
    """Why a revision is not to be applied before somebody has confirmed it, "" where nothing is against it.

    Args:
        most: the part of what is applied that may go at once; 1 for all of it.
    """
    if most >= 1 or not gone:
        return ""
    is_everything = not desired.manifests
    if not is_everything and (len(gone) < _FEWEST or len(gone) <= most * len(applied)):
        return ""
    named = ", ".join(f"{each.kind} {each.name}" for each in list(gone)[:_TOLD])
    more = f" and {len(gone) - _TOLD} more" if len(gone) > _TOLD else ""
    how_many = "everything that is applied" if is_everything else f"{len(gone)} of {len(applied)} resources"
    return f"it takes away {how_many}: {named}{more}"


def _left_git(desired: Desired, applied: Collection[Key]) -> list[Key]:
    now: set[Key] = {(kind_of(manifest), manifest.name) for manifest in desired.manifests.values()}
    return sorted(set(applied) - now)
