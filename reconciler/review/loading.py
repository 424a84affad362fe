"""Both sides of a change as desired states with their graphs; of a large repository only what the change can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.manifests.loader import DocumentCache, Loader, located, may_be_manifest
from reconciler.manifests.names import default_name
from reconciler.manifests.settings import SETTINGS_FILE, settings_of
from reconciler.manifests.yaml_reader import MAXIMUM_BYTES
from reconciler.model.desired import Desired, Settings
from reconciler.model.problems import Problem
from reconciler.model.runs import RegisteredData
from reconciler.model.snapshot import Snapshot
from reconciler.model.steps import Graph
from reconciler.model.strictness import judged
from reconciler.planning.firing import Firing, firings, problems_of
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.reach import Reach, Texts
from reconciler.registry.reading import ReleaseReader
from reconciler.registry.releases import Releases
from reconciler.review.assumed_data import NoDigests, with_assumed_data
from reconciler.review.legible import legible
from reconciler.review.revisions import TwoRevisions
from reconciler.review.untouched import pipelines_in
from reconciler.source.ignores import with_ignores
from reconciler.source.local_data import DigestCache
from reconciler.source.objects import Objects
from reconciler.source.outside_data import UrlLooker, with_outside_data
from reconciler.source.plumbing import Git
from reconciler.source.reading_ahead import ReadAhead
from reconciler.source.tags import Tags

if TYPE_CHECKING:
    from reconciler.environments.base_images import BaseImages

_FEW = 600  # YAML files of both sides: all of so many are read at once


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known besides Git.

    Attributes:
        documents: a cache of parsed documents, None for none.
        digests: a cache of digests of local files.
        looker: None where URLs are not looked up: then they are taken to hold what they held.
        base_images: the images that names are pinned to, None where they are not.
        registered: the outputs that steps registered as data assets.
        data_roots: the folders from which data may be named by absolute paths.
        is_strict: carelessness is an error.
        folder: only manifests below it count, "" for all.
    """

    documents: DocumentCache | None = None
    digests: DigestCache = field(default_factory=NoDigests)
    looker: UrlLooker | None = None
    base_images: BaseImages | None = None
    registered: tuple[RegisteredData, ...] = ()
    data_roots: Sequence[str] = ()
    is_strict: bool = False
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One revision, as far as it was read.

    Attributes:
        firings: what its schedules would run, by file.
        problems: of the manifests and of their references, located.
        assumed: data outside of Git that is taken to hold what it held.
    """

    desired: Desired
    graphs: tuple[Graph, ...]
    firings: Mapping[str, Firing]
    problems: tuple[Problem, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BothSides:
    """Before and after a change.

    Attributes:
        unread: how many YAML files the change cannot reach, which were not looked at.
        apart: the names of the pipelines among those.
    """

    base: Side
    head: Side
    blobs: ReadAhead = field(repr=False)
    unread: int = 0
    apart: tuple[str, ...] = ()


def load_both(git: Git, objects: Objects, revisions: TwoRevisions, around: Surroundings) -> BothSides:
    """Load the base, and of the head what differs.

    Raises:
        SourceError: git cannot read the repository.
    """
    tags, blobs = Tags(git), ReadAhead(objects)
    base, head = _yaml_files(revisions.base), _yaml_files(revisions.head)
    reach = None
    if len(base) + len(head) > _FEW and not around.folder:
        contents = blobs.read_ahead(git, (*base.values(), *head.values()), MAXIMUM_BYTES)
        texts = {
            path: b"\n".join(legible(contents.get(oid, b"")) for oid in {base.get(path), head.get(path)} if oid)
            for path in {**base, **head}
        }
        reach = _reach(revisions, tags, blobs, texts)
    loading = _Loading(tags, objects, blobs, around, None if reach is None else reach.needed)
    before, after = loading.side(revisions.base), loading.side(revisions.head)
    if reach is None:
        return BothSides(before, after, blobs)
    apart = {path: oid for path, oid in head.items() if path not in reach.needed}
    return BothSides(before, after, blobs, len(apart), tuple(pipelines_in(apart, blobs)))


class _Loading:
    """What is made of one side after the other; whatever does not differ is made once."""

    def __init__(
        self, tags: Tags, objects: Objects, blobs: ReadAhead, around: Surroundings, only: frozenset[str] | None
    ) -> None:
        self._tags, self._objects, self._blobs, self._around = tags, objects, blobs, around
        self._loader = Loader(around.documents, around.folder, only)
        self._reader = ReleaseReader(around.documents)
        self._builder = GraphBuilder()

    def side(self, snapshot: Snapshot) -> Side:
        around = self._around
        loaded = self._loader.load(snapshot, self._blobs)
        if around.is_strict:
            loaded = replace(loaded, settings=replace(loaded.settings, is_strict=True))
        loaded = replace(loaded, registered=around.registered)
        loaded = with_ignores(self._reader.load(loaded, self._tags, self._blobs), self._blobs)
        assumed: tuple[str, ...] = ()
        loaded = with_outside_data(loaded, around.data_roots, around.digests, around.looker, self._blobs)
        if around.looker is None:
            loaded, assumed = with_assumed_data(loaded)
        desired = self._with_bases(loaded)
        graphs, found = self._builder.build(desired)
        scheduled = firings(desired)
        problems = judged((*desired.problems, *found, *problems_of(scheduled)), desired.settings)
        return Side(desired, tuple(graphs), scheduled, located(problems, snapshot, self._blobs), assumed)

    def _with_bases(self, desired: Desired) -> Desired:
        if self._around.base_images is None:
            return desired
        from reconciler.environments.base_images import with_bases  # which reads Dockerfiles, and takes time to import

        return with_bases(desired, self._around.base_images, self._objects)


def _reach(revisions: TwoRevisions, tags: Tags, blobs: ReadAhead, texts: Mapping[str, bytes]) -> Reach | None:
    """What the change can reach; None where it may be anything."""
    changed = _changed_files(revisions)
    settings = _settings(revisions, blobs)
    if SETTINGS_FILE in changed or Releases().of(tags.all(), Desired(revisions.head, {}, settings)):
        return None  # releases refer to what stands at the revision, and nobody knows which without reading them
    mapped = {ours for _, ours in settings.environments}
    return Texts(texts, {path: default_name(path) for path in texts}).reach(changed, mapped, bool(settings.datastores))


def _settings(revisions: TwoRevisions, blobs: ReadAhead) -> Settings:
    entry = revisions.head.entries.get(SETTINGS_FILE)
    return settings_of(blobs.read(entry.oid))[0] if entry is not None else Settings()


def _changed_files(revisions: TwoRevisions) -> frozenset[str]:
    """The paths of files that came, went or differ; of folders, those of what is in them are enough."""
    base, head = revisions.base.entries, revisions.head.entries
    changed = revisions.head.paths_changed_since(revisions.base)
    above = {path.rpartition("/")[0] for path in changed}
    return frozenset(path for path in changed if path and (path not in above or path not in base or path not in head))


def _yaml_files(snapshot: Snapshot) -> dict[str, str]:
    """The ids of the blobs of YAML files by path."""
    entries = snapshot.entries
    return {path: entry.oid for path, entry in entries.items() if may_be_manifest(path, entries)}
