"""What a repository holds at one revision, without reading a single file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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


@dataclass(frozen=True)
class Snapshot:
    """All paths of a repository at one revision.

    Attributes:
        revision: `main@sha1:1a2b…` for a commit, `worktree@sha1:…` (a tree id) for uncommitted files.
        commit: the commit's id, or None for a working tree.
        tree: the id of the root tree.
        entries: POSIX paths relative to the root, folders included, the root itself not.
        difference: from the snapshot that this one was made from, None where it was listed afresh.
    """

    revision: str
    commit: str | None
    tree: str
    entries: Mapping[str, Entry]
    difference: Difference | None = field(default=None, repr=False, compare=False)
    _sorted: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def paths_changed_since(self, earlier: Snapshot) -> frozenset[str]:
        """The paths whose content differs, folders included; `""` is the root."""
        if self.difference is not None and self.difference.tree == earlier.tree:
            return self.difference.paths
        was, now = earlier.entries, self.entries
        changed = {path for path, entry in now.items() if was.get(path) != entry} | (was.keys() - now.keys())
        return frozenset(changed if earlier.tree == self.tree else {*changed, ""})

    def files_under(self, folder: str) -> dict[str, str]:
        """Paths of the files in a folder, relative to it, with their object ids; `""` is the root."""
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


@dataclass(frozen=True, slots=True)
class Commit:
    """Who changed the repository, when and why."""

    id: str
    author: str
    authored: str  # RFC 3339
    subject: str
