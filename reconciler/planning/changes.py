"""What differs between two desired states, so that only what depends on it is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference from one desired state to the next.

    Attributes:
        names: kinds and names of manifests that came, went or differ.
        files: the files of those manifests.
        paths: all paths of the repository whose content differs, folders included.
        is_everything: there is nothing to compare with, or something changed that concerns all.
    """

    names: frozenset[tuple[Kind, str]] = frozenset()
    files: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    is_everything: bool = False


def changes_between(old: Desired | None, new: Desired) -> Changes:
    """What changed between two desired states."""
    if old is None or old.settings != new.settings or old.bases != new.bases or _outside(old) != _outside(new):
        return Changes(is_everything=True)
    before, now = old.manifests, new.manifests
    paths = new.snapshot.paths_changed_since(old.snapshot)
    suspected = {*paths, *old.renamed, *new.renamed}
    files = frozenset(path for path in suspected if before.get(path) is not now.get(path))
    changed = (each for file in files for each in (before.get(file), now.get(file)) if each is not None)
    return Changes(frozenset((kind_of(manifest), manifest.name) for manifest in changed), files, paths)


def _outside(desired: Desired) -> tuple[object, ...]:
    """What is known of data without a look into the repository's tree."""
    return desired.local_data, desired.remote_data, desired.tables, desired.registered
