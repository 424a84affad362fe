"""The manifest of a release in the commit that its tag leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.manifests.loader import BlobReader, DocumentCache, LoadedFile, may_be_manifest, read_files
from reconciler.model.errors import SourceError
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.model.releases import Release, Tag
from reconciler.model.snapshot import Mount, mounted


class TagReader(Protocol):
    """Reads the tags of a repository and what the commits that they lead to hold."""

    def all(self) -> tuple[Tag, ...]: ...

    def ids_at(self, wanted: Sequence[tuple[str, str]]) -> list[str | None]: ...

    def mount(self, commit: str, paths: Iterable[str]) -> Mount: ...


@dataclass(frozen=True, slots=True)
class Located:
    """A release with its manifest, or with why there is none that can be used."""

    path: str = ""
    manifest: AnyManifest | None = None
    broken: str = ""


class Locator:
    """Finds the manifests of releases, each once as long as its tag stays where it is."""

    def __init__(self, cache: DocumentCache | None) -> None:
        self._cache = cache
        self._known: dict[tuple[Release, Kind], Located] = {}

    def locate(
        self,
        wanted: Mapping[tuple[Release, Kind], Sequence[str]],
        tags: TagReader,
        blobs: BlobReader,
    ) -> dict[tuple[Release, Kind], Located]:
        """The manifests of releases; with each come the files in which it is likely to be."""
        unknown = {key: paths for key, paths in wanted.items() if key not in self._known}
        if unknown:
            likely = self._at_likely_paths(unknown, tags, blobs)
            for key in unknown:
                located = likely.get(key)
                if located is None or located.manifest is None:
                    located = self._searched(*key, tags, blobs)
                self._known[key] = located
        return {key: self._known[key] for key in wanted}

    def forget_others(self, needed: Collection[tuple[Release, Kind]]) -> None:
        """Keep what was found of some releases alone."""
        self._known = {key: located for key, located in self._known.items() if key in needed}

    def _at_likely_paths(
        self, unknown: Mapping[tuple[Release, Kind], Sequence[str]], tags: TagReader, blobs: BlobReader
    ) -> dict[tuple[Release, Kind], Located]:
        asked = [(key, path) for key, paths in unknown.items() for path in paths]
        ids = tags.ids_at([(key[0].commit, path) for key, path in asked])
        there = {(key, path): oid for (key, path), oid in zip(asked, ids, strict=True) if oid is not None}
        files = {mounted(key[0].tag, path): oid for (key, path), oid in there.items()}
        read = read_files(files, blobs, self._cache)
        found: dict[tuple[Release, Kind], Located] = {}
        for key, path in there:
            located = _located(*key, path, read[mounted(key[0].tag, path)])
            if located is not None and located.manifest is not None:
                found.setdefault(key, located)
        return found

    def _searched(self, release: Release, kind: Kind, tags: TagReader, blobs: BlobReader) -> Located:
        """The manifest where it lay at that time, which only a look at all YAML files of the commit shows."""
        try:
            entries = tags.mount(release.commit, [""]).entries
        except SourceError:
            return Located(broken=f"its commit {release.commit[:12]} is not here; fetch the whole history")
        files = {mounted(release.tag, path): entries[path].oid for path in entries if may_be_manifest(path, entries)}
        read = read_files(files, blobs, self._cache)
        broken: Located | None = None
        for path in entries:
            loaded = read.get(mounted(release.tag, path))
            located = _located(release, kind, path, loaded) if loaded is not None else None
            if located is not None and located.manifest is not None:
                return located
            broken = broken or located
        return broken or Located(broken=f"commit {release.commit[:12]} holds no {kind} `{release.name}`")


def _located(release: Release, kind: Kind, path: str, loaded: LoadedFile) -> Located | None:
    """The release where the file holds it; None where it holds something else."""
    manifest = loaded.manifest
    if manifest is None or kind_of(manifest) is not kind or manifest.name != release.name:
        return None
    if manifest.version not in (None, release.version):
        return Located(broken=f"the manifest there says `version: {manifest.version}`")
    wrong = next((problem for problem in loaded.problems if problem.is_error), None)
    if wrong is not None:
        return Located(broken=f"its manifest has a problem: {wrong.message}")
    return Located(path, replace(manifest, version=release.version))
