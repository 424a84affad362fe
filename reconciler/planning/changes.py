"""What differs between two desired states, so that only what depends on it is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.snapshot import mounted


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference from one desired state to the next.

    Attributes:
        names: kinds and names of manifests that came, went or differ, in the revision or in tags.
        releases: those of them whose tags came, went, moved, or were read otherwise.
        files: the files of those manifests of the revision.
        paths: all paths whose content differs, folders included; of what tags hold, all paths where the tag moved.
        is_everything: there is nothing to compare with, or something changed that concerns all.
    """

    names: frozenset[tuple[Kind, str]] = frozenset()
    files: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    releases: frozenset[tuple[Kind, str]] = frozenset()
    is_everything: bool = False


def changes_between(old: Desired | None, new: Desired) -> Changes:
    """What changed between two desired states."""
    if old is None or _for_all(old) != _for_all(new):
        return Changes(is_everything=True)
    before, now = old.manifests, new.manifests
    paths = new.snapshot.paths_changed_since(old.snapshot)
    suspected = {*paths, *old.renamed, *new.renamed}
    files = frozenset(path for path in suspected if before.get(path) is not now.get(path))
    changed = (each for file in files for each in (before.get(file), now.get(file)) if each is not None)
    names = {(kind_of(manifest), manifest.name) for manifest in changed}
    releases = _names_of_releases(old, new)
    return Changes(frozenset(names | releases), files, paths | _moved(old, new), frozenset(releases))


def _for_all(desired: Desired) -> tuple[object, ...]:
    """What may concern any manifest: settings, and what is known of images and data outside of the repository."""
    outside = desired.local_data, desired.remote_data, desired.tables, desired.registered
    return desired.settings, desired.bases, desired.pinned, *outside


def _names_of_releases(old: Desired, new: Desired) -> set[tuple[Kind, str]]:
    """The names whose tags came, went, moved, or were read otherwise."""
    before, now = old.releases, new.releases
    if before is now and old.release_files == new.release_files and old.broken_releases == new.broken_releases:
        return set()
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    read = old.release_files.items() ^ new.release_files.items() | old.broken_releases.items() ^ (
        new.broken_releases.items()
    )
    tags = {tag for (tag, _), _ in read}
    return changed | {key for key, releases in now.items() if any(each.tag in tags for each in releases)}


def _moved(old: Desired, new: Desired) -> frozenset[str]:
    """The paths of tags that hold another commit than before, or of which more or less is seen."""
    before, now = old.snapshot.mounts, new.snapshot.mounts
    if before is now:
        return frozenset()
    changed = [tag for tag in before.keys() | now.keys() if before.get(tag) is not now.get(tag)]
    return frozenset(
        mounted(tag, path)
        for tag in changed
        for mounts in (before, now)
        if tag in mounts
        for path in ("", *mounts[tag].entries)
    )
