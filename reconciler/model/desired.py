"""The desired state: all manifests at a revision, with the tree that they lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain

from reconciler.model.data_paths import RemoteData, RemoteTrouble
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Component, DataAsset, Environment, Kind
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Problem
from reconciler.model.releases import Release, TagPattern
from reconciler.model.runs import RegisteredData
from reconciler.model.schedules import Schedule
from reconciler.model.snapshot import MOUNT, Snapshot


@dataclass(frozen=True, slots=True)
class Settings:
    """What `reconciler.yaml` at the root of the repository says.

    Attributes:
        environments: name patterns of curated environments and the name of ours that stands for them.
        mutated_versions_are_errors: False where `versions: warn` softens the rule.
        datastores: names of Azure ML's datastores with the folder or URL that stands for each.
        is_strict: whether carelessness is an error, as with `--strict`.
        is_tags_only: whether a version counts only once a tag holds it, with `registry: tags-only`.
        tags: how the tags of releases are written.
        labels: ranges of versions that go by a name, by kind and name of what they belong to and by label.
        is_pruned: whether what is gone from Git is gone from what is applied; False with `prune: false`.
    """

    environments: tuple[tuple[str, str], ...] = ()
    mutated_versions_are_errors: bool = True
    datastores: tuple[tuple[str, str], ...] = ()
    is_strict: bool = False
    is_tags_only: bool = False
    tags: TagPattern = field(default_factory=TagPattern)
    labels: Mapping[tuple[Kind, str, str], str] = field(default_factory=dict)
    is_pruned: bool = True

    def mapped_environment(self, name: str) -> str | None:
        """The repository's environment that stands for a curated one; the first pattern that fits wins."""
        for pattern, ours in self.environments:
            if fnmatchcase(name, pattern):
                return ours
        return None


@dataclass(frozen=True)
class Desired:
    """All manifests at one revision.

    Attributes:
        manifests: by file, in the order of the paths.
        file_count: how many YAML files were looked at.
        local_data: digests of the files outside the repository that manifests name, by absolute path;
            those that are not there or not allowed are absent.
        remote_data: what is known of the URLs that manifests name.
        tables: the `mltable` folders that hold an `MLTable` file, with what it names outside of them.
        bases: the images that environments build on with what they are pinned to, by the environment's recipe; empty
            for engines without images.
        renamed: the files of the manifests whose names other files decide too.
        unsupported: the kinds of the files that are recognised and refused by name.
        ignores: the patterns of `.amlignore` files, by the folder that each lies in.
        registered: the outputs that steps registered as data assets, to be referred to like those of the repository.
        releases: the versions that tags hold, by kind and name.
        released: the manifests of those of them that were looked at, by `TAG//path`, which is also their `file`.
        release_files: where a release has its manifest, by tag and kind.
        broken_releases: why a release cannot be used, by tag and kind.
        agreeing: the files of manifests that are the same as what the tag of their version holds.
        pinned: versions that references must be resolved to, by kind and text of the reference; "" for none.
        problems: what the loader found; references are checked when the graph is built.
    """

    snapshot: Snapshot
    manifests: Mapping[str, AnyManifest]
    settings: Settings = field(default_factory=Settings)
    problems: tuple[Problem, ...] = ()
    file_count: int = 0
    local_data: Mapping[str, str] = field(default_factory=dict)
    remote_data: Mapping[str, RemoteData | RemoteTrouble] = field(default_factory=dict)
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bases: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    unsupported: Mapping[str, str] = field(default_factory=dict)
    renamed: frozenset[str] = frozenset()
    ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    registered: tuple[RegisteredData, ...] = ()
    releases: Mapping[tuple[Kind, str], tuple[Release, ...]] = field(default_factory=dict)
    released: Mapping[str, AnyManifest] = field(default_factory=dict)
    release_files: Mapping[tuple[str, Kind], str] = field(default_factory=dict)
    broken_releases: Mapping[tuple[str, Kind], str] = field(default_factory=dict)
    agreeing: frozenset[str] = frozenset()
    pinned: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def manifest_at(self, path: str) -> AnyManifest | None:
        """The manifest of a file, of this revision or of a release."""
        return self.manifests.get(path) or self.released.get(path)

    def tag_revision(self, file: str) -> str:
        """`component/split/v1.2.0@sha1:…` for a file of a release, "" for one of this revision."""
        tag, is_mounted, _ = file.partition(MOUNT)
        mount = self.snapshot.mounts.get(tag) if is_mounted else None
        return f"{tag}@sha1:{mount.commit}" if mount is not None else ""

    def with_released(self) -> Iterator[AnyManifest]:
        """All manifests of this revision, then those of releases that were looked at."""
        return chain(self.manifests.values(), self.released.values())

    @property
    def pipelines(self) -> list[Pipeline]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Pipeline)]

    @property
    def schedules(self) -> list[Schedule]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Schedule)]

    @property
    def environments(self) -> list[Environment]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Environment)]

    @property
    def has_unpinned_bases(self) -> bool:
        """Whether an image could not be resolved when this was loaded."""
        return any(not pinned for bases in self.bases.values() for _, pinned in bases)

    @property
    def has_outside_data(self) -> bool:
        """Whether it depends on data that may change without a commit."""
        return bool(self.local_data or self.remote_data)

    @property
    def has_passing_trouble(self) -> bool:
        """Whether a store did not answer when this was loaded, but may another time."""
        found = self.remote_data.values()
        return any(isinstance(data, RemoteTrouble) and data.is_passing for data in found)

    @property
    def components(self) -> list[Component]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Component)]

    @property
    def data_assets(self) -> list[DataAsset]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, DataAsset)]
