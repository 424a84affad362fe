"""Revisions of a repository, held in memory as git and the loader hand them to planning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import yaml

from reconciler.manifests.loader import Loader
from reconciler.model.desired import Desired
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Difference, Entry, EntryKind, Mount, Snapshot
from reconciler.registry.reading import ReleaseReader

Content = str | Mapping[str, object]
Files = Mapping[str, Content]


class History:
    """One revision after the other; what did not change is the very same object, and what is new comes last."""

    def __init__(self) -> None:
        self._loader = Loader()
        self._releases = ReleaseReader()
        self._tags: tuple[Tag, ...] = ()
        self._commits: dict[str, dict[str, Entry]] = {}
        self._entries: dict[str, Entry] = {}
        self._blobs: dict[str, bytes] = {}
        self._count = 0
        self._root = ""

    def revision(self, files: Files, local_data: Mapping[str, str] | None = None) -> Desired:
        """The next revision, which holds exactly these files."""
        now = self._written(files)
        root = now.pop("").oid
        kept = {path: entry for path, entry in self._entries.items() if now.get(path) == entry}
        changed = {path for path, entry in now.items() if path not in kept} | (self._entries.keys() - now.keys())
        difference = Difference(self._root, frozenset({*changed, ""} if root != self._root else ()))
        self._root = root
        self._entries = kept | {path: entry for path, entry in now.items() if path not in kept}
        self._count += 1
        snapshot = Snapshot(f"main@sha1:{self._count}", str(self._count), root, self._entries, difference)
        loaded = replace(self._loader.load(snapshot, self), local_data=local_data or {})
        return self._releases.load(loaded, self, self)

    def tag(self, name: str, files: Files | None) -> None:
        """Have a tag lead to a commit that holds exactly these files; with None, take it away."""
        kept = {tag.name: tag for tag in self._tags if tag.name != name}
        if files is not None:
            entries = self._written(files)
            commit = _hash("commit", entries[""].oid.encode())
            self._commits[commit] = entries
            kept[name] = Tag(name, commit)
        tags = tuple(kept[each] for each in sorted(kept))
        self._tags = self._tags if tags == self._tags else tags

    def all(self) -> tuple[Tag, ...]:
        return self._tags

    def ids_at(self, wanted: Sequence[tuple[str, str]]) -> list[str | None]:
        found = [self._commits[commit].get(path) for commit, path in wanted]
        return [entry.oid if entry is not None else None for entry in found]

    def mount(self, commit: str, paths: Iterable[str]) -> Mount:
        entries, wanted = self._commits[commit], set(paths)
        below = tuple(f"{path}/" for path in wanted)
        above = {parent for path in wanted if path in entries for parent in _parents(path)}
        seen = {
            path: entry
            for path, entry in entries.items()
            if path and ("" in wanted or path in wanted | above or path.startswith(below))
        }
        return Mount(commit, entries[""].oid if "" in wanted else "", seen)

    def _written(self, files: Files) -> dict[str, Entry]:
        """All files and folders, the root as `""`, with the files to be read from here on."""
        contents = {path: as_text(content).encode() for path, content in files.items()}
        self._blobs.update({_hash("blob", content): content for content in contents.values()})
        return _entries({path: _hash("blob", content) for path, content in contents.items()})

    def read_many(self, oids: Sequence[str]) -> Mapping[str, bytes]:
        return {oid: self._blobs[oid] for oid in oids}


def desired_of(
    files: Files, local_data: Mapping[str, str] | None = None, tags: Mapping[str, Files] | None = None
) -> Desired:
    """A revision that nothing went before."""
    history = History()
    for name, held in (tags or {}).items():
        history.tag(name, held)
    return history.revision(files, local_data)


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
