"""Revisions of a repository, held in memory as git and the loader hand them to planning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import yaml

from reconciler.manifests.loader import Loader
from reconciler.model.desired import Desired
from reconciler.model.snapshot import Difference, Entry, EntryKind, Snapshot

Content = str | Mapping[str, object]
Files = Mapping[str, Content]


class History:
    """One revision after the other; what did not change is the very same object, and what is new comes last."""

    def __init__(self) -> None:
        self._loader = Loader()
        self._entries: dict[str, Entry] = {}
        self._blobs: dict[str, bytes] = {}
        self._count = 0
        self._root = ""

    def revision(self, files: Files, local_data: Mapping[str, str] | None = None) -> Desired:
        """The next revision, which holds exactly these files."""
        contents = {path: as_text(content).encode() for path, content in files.items()}
        self._blobs.update({_hash("blob", content): content for content in contents.values()})
        now = _entries({path: _hash("blob", content) for path, content in contents.items()})
        root = now.pop("").oid
        kept = {path: entry for path, entry in self._entries.items() if now.get(path) == entry}
        changed = {path for path, entry in now.items() if path not in kept} | (self._entries.keys() - now.keys())
        difference = Difference(self._root, frozenset({*changed, ""} if root != self._root else ()))
        self._root = root
        self._entries = kept | {path: entry for path, entry in now.items() if path not in kept}
        self._count += 1
        snapshot = Snapshot(f"main@sha1:{self._count}", str(self._count), root, self._entries, difference)
        return replace(self._loader.load(snapshot, self), local_data=local_data or {})

    def read_many(self, oids: Sequence[str]) -> Mapping[str, bytes]:
        return {oid: self._blobs[oid] for oid in oids}


def desired_of(files: Files, local_data: Mapping[str, str] | None = None) -> Desired:
    """A revision that nothing went before."""
    return History().revision(files, local_data)


def as_text(content: Content) -> str:
    return content if isinstance(content, str) else yaml.safe_dump(dict(content), sort_keys=False)


def _entries(blobs: Mapping[str, str]) -> dict[str, Entry]:
    """All files and folders, the root as `""`."""
    children: dict[str, list[tuple[str, str]]] = {"": []}
    for path in blobs:
        for parent in _parents(path):
            children.setdefault(parent, [])
    entries = {path: Entry(oid, EntryKind.FILE) for path, oid in blobs.items()}
    for path in sorted({*entries, *children} - {""}, key=lambda path: -path.count("/")):
        if path in children:
            entries[path] = Entry(_hash("tree", repr(sorted(children[path])).encode()), EntryKind.TREE)
        folder, _, name = path.rpartition("/")
        children[folder].append((name, entries[path].oid))
    return {**entries, "": Entry(_hash("tree", repr(sorted(children[""])).encode()), EntryKind.TREE)}


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _hash(kind: str, content: bytes) -> str:
    return hashlib.sha1(kind.encode() + content, usedforsecurity=False).hexdigest()
