"""Which manifests a change adds, changes and removes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.planning.content_digests import ContentDigests


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ManifestChange:
    """What became of a manifest.

    Attributes:
        file: where it stands, or stood.
        old: its version before, None where it had none or was not there.
        is_content_alone: only what it names changed: its code, conda file or data.
    """

    change: Change
    kind: Kind
    name: str
    file: str
    old: str | None
    new: str | None
    is_content_alone: bool = False


def manifest_changes(base: Desired, head: Desired) -> tuple[ManifestChange, ...]:
    """The manifests that differ, by kind and name; one that moved to another file unchanged does not."""
    digests = ContentDigests()
    digests_before = dict(digests.of(base))
    digests_now = digests.of(head)
    before, now = _by_name(base.manifests), _by_name(head.manifests)
    found: list[ManifestChange] = []
    for key in before.keys() | now.keys():
        kind, name, _ = key
        was, is_now = before.get(key), now.get(key)
        if was is None and is_now is not None:
            found.append(ManifestChange(Change.ADDED, kind, name, is_now.file, None, is_now.version))
        elif is_now is None and was is not None:
            found.append(ManifestChange(Change.REMOVED, kind, name, was.file, was.version, None))
        elif was is not None and is_now is not None and was is not is_now:
            is_same_text = base.snapshot.entry(was.file) == head.snapshot.entry(is_now.file)
            if not is_same_text or digests_before[was.file] != digests_now[is_now.file]:
                found.append(_changed(was, is_now, is_same_text))
        elif was is not None and digests_before[was.file] != digests_now[was.file]:
            found.append(_changed(was, was, True))
    return tuple(sorted(found, key=lambda each: (each.change, each.kind, each.name, each.file)))


def _changed(was: AnyManifest, now: AnyManifest, is_content_alone: bool) -> ManifestChange:
    return ManifestChange(Change.CHANGED, kind_of(now), now.name, now.file, was.version, now.version, is_content_alone)


def _by_name(manifests: Mapping[str, AnyManifest]) -> dict[tuple[Kind, str, int], AnyManifest]:
    """Manifests by kind and name; several of one name are counted, in the order of their files."""
    found: dict[tuple[Kind, str, int], AnyManifest] = {}
    counts: dict[tuple[Kind, str], int] = {}
    for _, manifest in sorted(manifests.items()):
        key = (kind_of(manifest), manifest.name)
        counts[key] = count = counts.get(key, -1) + 1
        found[*key, count] = manifest
    return found
