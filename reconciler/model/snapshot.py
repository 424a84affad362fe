"""What a repository holds at one revision, without reading a single file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOUNT = "//"  # between a tag and a path of what it holds; no path of a repository has it


class EntryKind(StrEnum):
    FILE = "file"
    TREE = "tree"
    LINK = "link"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a Git tree: its object id is the digest of its content."""

    oid: str
    kind: EntryKind
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """How a snapshot differs from the one that it was made from.

    Attributes:
        tree: the id of the earlier one's root tree.
        paths: those whose content differs, folders included; `""` is the root.
    """

    tree: str
    paths: frozenset[str]


@dataclass(frozen=True, slots=True)
class Mount:
    """Paths of another commit, which are seen at `TAG//path`.

    Attributes:
        tree: the id of that commit's root tree, "" where not all of it is needed.
        entries: those of its paths that are needed, relative to its root.
    """

    commit: str
    tree: str
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Snapshot:
    """All paths of a repository at one revision.

    Attributes:
        revision: `main@sha1:1a2b…` for a commit, `worktree@sha1:…` (a tree id) for uncommitted files.
        commit: the commit's id, or None for a working tree.
        tree: the id of the root tree.
        entries: POSIX paths relative to the root, folders included, the root itself not.
        difference: from the snapshot that this one was made from, None where it was listed afresh.
        mounts: what is seen of other commits, by tag.
    """

    revision: str
    commit: str | None
    tree: str
    entries: Mapping[str, Entry]
    difference: Difference | None = field(default=None, repr=False, compare=False)
    mounts: Mapping[str, Mount] = field(default_factory=dict, repr=False)
    _sorted: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def paths_changed_since(self, earlier: Snapshot) -> frozenset[str]:
        """The paths whose content differs, folders included; `""` is the root."""
        if self.difference is not None and self.difference.tree == earlier.tree:
            return self.difference.paths
        was, now = earlier.entries, self.entries
        changed = {path for path, entry in now.items() if was.get(path) != entry} | (was.keys() - now.keys())
        return frozenset(changed if earlier.tree == self.tree else {*changed, ""})

    def entry(self, path: str) -> Entry | None:
        """What lies at a path, of this revision or of a mount; `""` and `TAG//` are the roots."""
        tag, is_mounted, inside = path.partition(MOUNT)
        if not is_mounted:
            return self.entries.get(path) if path else Entry(self.tree, EntryKind.TREE)
        mount = self.mounts.get(tag)
        if mount is None:
            return None
        if inside or not mount.tree:
            return mount.entries.get(inside)
        return Entry(mount.tree, EntryKind.TREE)

    def files_under(self, folder: str) -> dict[str, str]:
        """Paths of the files in a folder, relative to it, with their object ids; `""` and `TAG//` are the roots."""
        tag, is_mounted, inside = folder.partition(MOUNT)
        if is_mounted:
            return _files_under(self.mounts[tag].entries, inside) if tag in self.mounts else {}
        if not self._sorted:
            self._sorted.extend(sorted(self.entries))
        prefix = f"{folder}/" if folder else ""
        found: dict[str, str] = {}
        for index in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            path = self._sorted[index]
            if not path.startswith(prefix):
                break
            if self.entries[path].kind is not EntryKind.TREE:
                found[path[len(prefix) :]] = self.entries[path].oid
        return found


def _files_under(entries: Mapping[str, Entry], folder: str) -> dict[str, str]:
    prefix = f"{folder}/" if folder else ""
    return {
        path[len(prefix) :]: entry.oid
        for path, entry in sorted(entries.items())
        if path.startswith(prefix) and entry.kind is not EntryKind.TREE
    }


@dataclass(frozen=True, slots=True)
class Commit:
    """Who changed the repository, when and why."""

    id: str
    author: str
    authored: str  # RFC 3339
    subject: str


def inside(folder: str, name: str = "") -> str:
    """The path of what lies in a folder; `""` and `TAG//` are roots."""
    return f"{folder}{name}" if not folder or folder.endswith(MOUNT) else f"{folder}/{name}"


def mounted(tag: str, path: str) -> str:
    """How a path of what a tag holds is written: `component/split/v1.2.0//components/split/component.yaml`."""
    return f"{tag}{MOUNT}{path}"
