"""The desired state: all manifests at a revision, with the tree that they lie in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Component, DataAsset, Environment
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Problem
from reconciler.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Settings:
    """What `reconciler.yaml` at the root of the repository says.

    Attributes:
        environments: name patterns of curated environments and the name of ours that stands for them.
        mutated_versions_are_errors: False where `versions: warn` softens the rule.
        datastores: names of Azure ML's datastores with the folder or URL that stands for each.
        is_strict: whether carelessness is an error, as with `--strict`.
    """

    environments: tuple[tuple[str, str], ...] = ()
    mutated_versions_are_errors: bool = True
    datastores: tuple[tuple[str, str], ...] = ()
    is_strict: bool = False

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
        bases: the images that environments build on with what they are pinned to, by the environment's recipe; empty
            for engines without images.
        problems: what the loader found; references are checked when the graph is built.
    """

    snapshot: Snapshot
    manifests: Mapping[str, AnyManifest]
    settings: Settings = field(default_factory=Settings)
    problems: tuple[Problem, ...] = ()
    file_count: int = 0
    local_data: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @property
    def pipelines(self) -> list[Pipeline]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Pipeline)]

    @property
    def environments(self) -> list[Environment]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Environment)]

    @property
    def has_unpinned_bases(self) -> bool:
        """Whether an image could not be resolved when this was loaded."""
        return any(not pinned for bases in self.bases.values() for _, pinned in bases)

    @property
    def components(self) -> list[Component]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, Component)]

    @property
    def data_assets(self) -> list[DataAsset]:
        return [manifest for manifest in self.manifests.values() if isinstance(manifest, DataAsset)]
