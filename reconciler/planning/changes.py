"""What differs between two desired states, so that only what depends on it is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.model.manifests import AnyManifest, Kind, kind_of


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

    def concern(self, kind: Kind, manifest: AnyManifest) -> bool:
        """Whether a reference that meant this manifest may mean another one, or the manifest itself differs."""
        return self.is_everything or (kind, manifest.name) in self.names or manifest.file in self.paths


def changes_between(old: Desired | None, new: Desired) -> Changes:
    """What changed; values that are the very same object did not, all others may have."""
    if old is None or old.settings != new.settings or old.local_data != new.local_data:
        return Changes(is_everything=True)
    before, now = old.manifests, new.manifests
    files = {file for file, manifest in now.items() if before.get(file) is not manifest}
    files |= before.keys() - now.keys()
    changed = [each for file in files for each in (before.get(file), now.get(file)) if each is not None]
    entries, was = new.snapshot.entries, old.snapshot.entries
    paths = {path for path, entry in entries.items() if was.get(path) is not entry}
    paths |= was.keys() - entries.keys()
    if old.snapshot.tree != new.snapshot.tree:
        paths.add("")
    return Changes(
        frozenset((kind_of(manifest), manifest.name) for manifest in changed), frozenset(files), frozenset(paths)
    )
