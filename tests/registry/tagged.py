"""A repository whose tags hold versions, and the reader that follows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reconciler.manifests.loader import Loader
from reconciler.model.desired import Desired
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Difference, Mount, Snapshot
from reconciler.registry.reading import ReleaseReader
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.source.tags import Tags
from reconciler.source.tree import list_tree, update_tree
from tests.planning.history import Content, as_text
from tests.source.git_repository import Repository

Files = Mapping[str, Content]


class Asked:
    """Tags that note what is asked of them.

    Attributes:
        looked: the commits and paths whose ids were asked for.
        mounted: the commits with the paths that were listed.
    """

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self.looked: list[tuple[str, str]] = []
        self.mounted: list[tuple[str, frozenset[str]]] = []

    def all(self) -> tuple[Tag, ...]:
        return self._tags.all()

    def ids_at(self, wanted: Sequence[tuple[str, str]]) -> list[str | None]:
        self.looked.extend(wanted)
        return self._tags.ids_at(wanted)

    def mount(self, commit: str, paths: Iterable[str]) -> Mount:
        paths = frozenset(paths)
        self.mounted.append((commit, paths))
        return self._tags.mount(commit, paths)


class Tagged:
    """Commits and tags of a bare repository; `load` reads the newest commit, on from what was read before."""

    def __init__(self, folder: Path) -> None:
        self.origin = Repository(folder / "origin.git")
        self._git = Git(self.origin.path)
        self.tags = Asked(Tags(self._git))
        self.objects = Objects(self._git)
        self._loader = Loader()
        self.reader = ReleaseReader()
        self._snapshot: Snapshot | None = None

    def commit(self, files: Files, *tags: str) -> str:
        """Commit exactly these files, and have tags lead there."""
        commit = self.origin.commit({path: as_text(content) for path, content in files.items()})
        for tag in tags:
            self.tag(tag, commit)
        return commit

    def tag(self, name: str, commit: str | None) -> None:
        """Have a tag lead to a commit; with None, take it away."""
        if commit is not None:
            self.origin.git("update-ref", f"refs/tags/{name}", commit)
        else:
            self.origin.git("update-ref", "-d", f"refs/tags/{name}")

    def load(self) -> Desired:
        self._snapshot = self._next()
        return self.reader.load(self._loader.load(self._snapshot, self.objects), self.tags, self.objects)

    def afresh(self) -> Desired:
        """What a new process reads."""
        commit, tree = self.origin.head(), self.origin.tree()
        snapshot = Snapshot(f"main@sha1:{commit}", commit, tree, list_tree(self._git, tree))
        loaded = Loader().load(snapshot, self.objects)
        return ReleaseReader().load(loaded, Tags(self._git), self.objects)

    def close(self) -> None:
        self.objects.close()

    def _next(self) -> Snapshot:
        commit, tree, before = self.origin.head(), self.origin.tree(), self._snapshot
        revision = f"main@sha1:{commit}"
        if before is None:
            return Snapshot(revision, commit, tree, list_tree(self._git, tree))
        entries, changed = update_tree(self._git, before.entries, before.tree, tree)
        return Snapshot(revision, commit, tree, entries, Difference(before.tree, changed))
