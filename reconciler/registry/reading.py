"""Desired states with the releases that they need: what their references choose, and what versions are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.manifests.loader import BlobReader, DocumentCache, LoadedFile, read_files
from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.model.releases import Release
from reconciler.model.snapshot import MOUNT, EntryKind, Mount, mounted
from reconciler.planning.candidates import NoneFitsError
from reconciler.planning.changes import changes_between
from reconciler.planning.content_digests import paths_of_content
from reconciler.planning.known_versions import predecessor
from reconciler.planning.named import UsedReference, paths_named_by, references_of
from reconciler.planning.repository_paths import Unresolved, within_repository
from reconciler.planning.resolve import Registry
from reconciler.registry.locating import Located, Locator, TagReader
from reconciler.registry.releases import Releases


@dataclass
class _Read:
    """What was read of releases for one desired state."""

    mounts: dict[str, Mount] = field(default_factory=dict)
    released: dict[str, AnyManifest] = field(default_factory=dict)
    files: dict[tuple[str, Kind], str] = field(default_factory=dict)
    broken: dict[tuple[str, Kind], str] = field(default_factory=dict)
    seen: dict[str, frozenset[str]] = field(default_factory=dict)
    looked_for: set[tuple[Release, Kind]] = field(default_factory=set)
    mounted: set[tuple[str, frozenset[str]]] = field(default_factory=set)

    def onto(self, desired: Desired) -> Desired:
        return replace(
            desired,
            snapshot=replace(desired.snapshot, mounts={**self.mounts}),
            released={**self.released},
            release_files={**self.files},
            broken_releases={**self.broken},
        )


class ReleaseReader:
    """Reads the releases of one repository, revision after revision; what was read before is not read again."""

    def __init__(self, cache: DocumentCache | None = None) -> None:
        self._cache = cache
        self._releases = Releases()
        self._locator = Locator(cache)
        self._mounts: dict[tuple[str, frozenset[str]], Mount] = {}
        self._files: dict[tuple[str, str], AnyManifest | None] = {}
        self._agreeing: dict[str, tuple[AnyManifest, Release, tuple[str, ...], bool]] = {}
        self._references: dict[str, tuple[UsedReference, ...]] = {}
        self._registry: Registry | None = None
        self._before: Desired | None = None

    def load(
        self,
        desired: Desired,
        tags: TagReader,
        blobs: BlobReader,
        also: Iterable[tuple[Release, Kind]] = (),
    ) -> Desired:
        """The desired state with what tags hold of it; as it is where no tag holds a version.

        Args:
            also: releases to read that nothing of it chooses.

        Raises:
            SourceError: git cannot read the repository.
        """
        releases = self._releases.of(tags.all(), desired)
        if not releases:
            return desired
        desired = replace(desired, releases=releases)
        registry = self._registry_of(desired)
        agreeing = self._agreeing_files(desired, tags)
        read = _Read()
        judged = _judged_by(desired, agreeing, read.broken)
        wanted = dict.fromkeys((*judged, *self._chosen(registry, self._of_revision()), *also))
        while wanted:
            fresh = self._read(wanted, read, registry, tags, blobs)
            chosen = self._chosen(registry, (used for manifest in fresh for used in references_of(manifest)))
            others = _judged_by(desired, agreeing, read.broken) if read.broken else ()
            wanted = dict.fromkeys(
                key for key in (*chosen, *others) if (key[0].tag, key[1]) not in read.files.keys() | read.broken.keys()
            )
        self._forget_others(read)
        return replace(read.onto(desired), agreeing=agreeing)

    def _forget_others(self, read: _Read) -> None:
        """What this desired state does not need is read again when another one does."""
        self._locator.forget_others(read.looked_for)
        self._mounts = {key: mount for key, mount in self._mounts.items() if key in read.mounted}
        commits = {commit for commit, _ in read.mounted}
        self._files = {key: manifest for key, manifest in self._files.items() if key[0] in commits}
        self._agreeing = {file: known for file, known in self._agreeing.items() if file in self._references}

    def _registry_of(self, desired: Desired) -> Registry:
        changes = changes_between(self._before, desired)
        if self._registry is None or changes.is_everything:
            self._registry = Registry(desired)
            self._references = {file: tuple(references_of(each)) for file, each in desired.manifests.items()}
        else:
            self._registry.follow(desired, changes)
            for file in changes.files:
                self._references.pop(file, None)
                manifest = desired.manifests.get(file)
                if manifest is not None:
                    self._references[file] = tuple(references_of(manifest))
        self._before = desired
        return self._registry

    def _of_revision(self) -> Iterable[UsedReference]:
        """The references of the revision's own manifests, each meaning once."""
        return {used.key: used for several in self._references.values() for used in several}.values()

    def _chosen(self, registry: Registry, references: Iterable[UsedReference]) -> Iterator[tuple[Release, Kind]]:
        """The releases that references choose and that the revision does not hold itself."""
        for used in references:
            if used.reference.path is not None:
                continue
            for kind in (Kind.DATA, Kind.MODEL) if used.kind is Kind.DATA else (used.kind,):
                try:
                    chosen = registry.choose(kind, used.reference)
                except NoneFitsError:
                    continue  # told where the reference is resolved
                if chosen is not None and chosen.manifest is None and chosen.release is not None:
                    yield chosen.release, kind

    # --- what versions are judged by ---

    def _agreeing_files(self, desired: Desired, tags: TagReader) -> frozenset[str]:
        """The files of the manifests that are what the tag of their version holds."""
        same = dict(_of_same_version(desired))
        self._compare(same, desired, tags)
        return frozenset(file for file in same if self._agreeing[file][3])

    def _compare(self, same: Mapping[str, tuple[AnyManifest, Release]], desired: Desired, tags: TagReader) -> None:
        """Compare manifests with what the tags of their versions hold by the ids of files and folders alone."""
        entry = desired.snapshot.entry
        to_compare: list[tuple[str, AnyManifest, Release, tuple[str, ...], tuple[str, ...]]] = []
        for file, (manifest, release) in same.items():
            paths = (file, *paths_of_content(manifest))
            ids = tuple(found.oid if (found := entry(path)) is not None else "" for path in paths)
            known = self._agreeing.get(file)
            if known is None or known[0] is not manifest or known[1] != release or known[2] != ids:
                to_compare.append((file, manifest, release, paths, ids))
        answers = iter(tags.ids_at([(each[2].commit, path) for each in to_compare for path in each[3]]))
        for file, manifest, release, paths, ids in to_compare:
            tagged = tuple(next(answers) or "" for _ in paths)
            self._agreeing[file] = (manifest, release, ids, tagged == ids)

    # --- reading ---

    def _read(
        self,
        wanted: Iterable[tuple[Release, Kind]],
        read: _Read,
        registry: Registry,
        tags: TagReader,
        blobs: BlobReader,
    ) -> list[AnyManifest]:
        """Read releases with all that they refer to by path; returns the manifests."""
        likely = {(release, kind): registry.files_of(kind, release.name) for release, kind in wanted}
        read.looked_for.update(likely)
        fresh: list[AnyManifest] = []
        for (release, kind), located in self._locator.locate(likely, tags, blobs).items():
            key = (release.tag, kind)
            if located.manifest is None:
                read.broken[key] = located.broken
                continue
            read.files[key] = located.manifest.file
            fresh.extend(self._with_paths(release, located, read, tags, blobs))
        return fresh

    def _with_paths(
        self, release: Release, located: Located, read: _Read, tags: TagReader, blobs: BlobReader
    ) -> Iterator[AnyManifest]:
        """The manifest of a release, and those that it refers to by path, mounted with all that they name."""
        waiting = [located.manifest]
        while waiting:
            manifest = waiting.pop()
            if manifest is None or manifest.file in read.released:
                continue
            read.released[manifest.file] = manifest
            yield manifest
            paths = frozenset(_inside(path) for path in _paths(manifest))
            self._mount(release, paths, read, tags)
            by_path = (used for used in references_of(manifest) if used.reference.path is not None)
            waiting.extend(self._file(release, used, read, blobs) for used in by_path)

    def _mount(self, release: Release, paths: frozenset[str], read: _Read, tags: TagReader) -> None:
        seen = read.seen[release.tag] = read.seen.get(release.tag, frozenset()) | paths
        key = (release.commit, seen)
        read.mounted.add(key)
        if key not in self._mounts:
            self._mounts[key] = tags.mount(release.commit, seen)
        read.mounts[release.tag] = self._mounts[key]

    def _file(self, release: Release, used: UsedReference, read: _Read, blobs: BlobReader) -> AnyManifest | None:
        """The manifest that a reference by path means."""
        try:
            path = _inside(within_repository(used.file, used.reference.path or "", ()))
        except Unresolved:
            return None
        key = (release.commit, mounted(release.tag, path))
        if key not in self._files:
            entry = read.mounts[release.tag].entries.get(path)
            is_file = entry is not None and entry.kind is EntryKind.FILE
            loaded = read_files({key[1]: entry.oid}, blobs, self._cache) if entry is not None and is_file else {}
            self._files[key] = _usable(loaded[key[1]]) if loaded else None
        return self._files[key]


def _judged_by(
    desired: Desired, agreeing: frozenset[str], broken: Mapping[tuple[str, Kind], str]
) -> list[tuple[Release, Kind]]:
    """What versions of the revision are compared with: what their tags hold, else the highest lower one there is."""
    found: list[tuple[Release, Kind]] = []
    for file, manifest in desired.manifests.items():
        kind = kind_of(manifest)
        releases = desired.releases.get((kind, manifest.name))
        if not releases or not manifest.version or file in agreeing:
            continue
        readable = [release for release in releases if (release.tag, kind) not in broken]
        same = next((release for release in reversed(readable) if release.version == manifest.version), None)
        before = same or predecessor(manifest.version, readable, lambda release: release.version)
        if before is not None:
            found.append((before, kind))
    return found


def _of_same_version(desired: Desired) -> Iterator[tuple[str, tuple[AnyManifest, Release]]]:
    for file, manifest in desired.manifests.items():
        if not manifest.version:
            continue
        releases = desired.releases.get((kind_of(manifest), manifest.name), ())
        same = next((release for release in reversed(releases) if release.version == manifest.version), None)
        if same is not None:
            yield file, (manifest, same)


def _paths(manifest: AnyManifest) -> Iterator[str]:
    """What has to be seen of a commit for a manifest in it: its folder and all that it names."""
    yield manifest.file
    yield from _folder_of(manifest.file)
    referred = ((used.file, used.reference.path) for used in references_of(manifest))
    for file, named in (*((manifest.file, path) for path in paths_named_by(manifest)), *referred):
        try:
            path = within_repository(file, named, ()) if named is not None else ""
        except Unresolved:
            continue  # told when the path is followed
        if named is not None:
            yield path
        if path.lower().endswith((".yml", ".yaml")):
            yield from _folder_of(path)  # a conda file names lists of requirements beside it


def _folder_of(path: str) -> Iterator[str]:
    """The folder of a file, unless that is the whole repository."""
    folder = _inside(path).rpartition("/")[0]
    if folder:
        yield folder


def _usable(loaded: LoadedFile) -> AnyManifest | None:
    """The manifest of a file of a release; nobody can mend what is wrong in it any more."""
    return None if any(problem.is_error for problem in loaded.problems) else loaded.manifest


def _inside(path: str) -> str:
    return path.rpartition(MOUNT)[2]
