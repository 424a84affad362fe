"""A folder of manifests as it stands, committed or not: loaded and compared with the state."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.environments.base_images import BaseImages, with_bases
from reconciler.environments.interfaces import interfaces_of
from reconciler.execution.large_files import absent_large_files
from reconciler.manifests.loader import Loader, located
from reconciler.model.desired import Desired
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.model.plan import Actual, Plan
from reconciler.model.problems import Problem
from reconciler.model.releases import Release
from reconciler.model.steps import Graph
from reconciler.model.strictness import judged
from reconciler.planning.diff import plan as make_plan
from reconciler.planning.firing import Firing, firings, problems_of
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.versions import VersionJudge
from reconciler.registry.reading import ReleaseReader
from reconciler.source.addresses import repository_of
from reconciler.source.ignores import with_ignores
from reconciler.source.outside_data import with_outside_data
from reconciler.source.remote_data import RemoteStore
from reconciler.source.worktree import Worktree, remote_addresses, worktree_snapshot
from reconciler.state.actual import ActualReader
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State


@dataclass(frozen=True)
class LoadedTree:
    """A work tree with its manifests and graphs.

    Attributes:
        firings: what its schedules would run, by file.
        problems: of the manifests and of their references, located.
    """

    worktree: Worktree
    desired: Desired
    graphs: list[Graph]
    firings: Mapping[str, Firing]
    problems: tuple[Problem, ...]

    def content(self, file: str) -> bytes | None:
        entry = self.desired.snapshot.entries.get(file)
        return self.worktree.objects.read(entry.oid) if entry else None


@contextmanager
def loaded_tree(
    path: Path,
    state: State,
    data_roots: Sequence[str] = (),
    base_images: BaseImages | None = None,
    is_strict: bool = False,
    remote_data: RemoteStore | None = None,
    also: Callable[[Desired], Iterable[tuple[Release, Kind]]] | None = None,
    edits: Mapping[str, bytes] | None = None,
    is_committed: bool = False,
) -> Iterator[LoadedTree]:
    """Load the repository that a path lies in.

    Args:
        is_strict: carelessness is an error, whatever `reconciler.yaml` says.
        remote_data: None where URLs are not looked up.
        also: says which releases are read besides those that references choose.
        edits: what files are taken to hold instead of what they do, by path from the top.
        is_committed: the commit that is checked out is loaded instead, whatever the files hold.

    Raises:
        UsageError: there is nothing at the path.
    """
    if not path.exists():
        raise UsageError("there is no such file or folder", place=str(path), hint="name a folder with manifests")
    path = path.resolve()
    folder = path if path.is_dir() else path.parent
    scratch = Path(tempfile.mkdtemp(dir=state.folder.scratch))
    worktree = worktree_snapshot(folder, scratch, edits or {}, is_committed)
    try:
        loaded = Loader(state.documents).load(worktree.snapshot, worktree.objects)
        if is_strict:
            loaded = replace(loaded, settings=replace(loaded.settings, is_strict=True))
        loaded = replace(loaded, registered=state.assets.all())
        reader = ReleaseReader(state.documents)
        released = reader.load(loaded, worktree.tags, worktree.objects)
        if also is not None:
            released = reader.load(loaded, worktree.tags, worktree.objects, also(released))
        loaded = with_ignores(released, worktree.objects)
        desired = with_outside_data(loaded, data_roots, state.documents, remote_data, worktree.objects)
        desired = with_bases(desired, base_images, worktree.objects)
        graphs, found = GraphBuilder().build(desired)
        scheduled = firings(desired)
        fired = [firing.graph for firing in scheduled.values() if firing.graph is not None]
        absent = absent_large_files(desired, (*graphs, *fired), worktree.objects)
        problems = judged((*desired.problems, *found, *problems_of(scheduled), *absent), desired.settings)
        problems = located(problems, desired.snapshot, worktree.objects)
        yield LoadedTree(worktree, desired, graphs, scheduled, problems)
    finally:
        worktree.objects.close()
        shutil.rmtree(scratch, ignore_errors=True)


def plan_tree(tree: LoadedTree, state: State, is_forced: bool = False) -> tuple[Plan, Actual]:
    """The plan of a work tree against the state, and the actual state that it was made from."""
    actual = ActualReader(state).read(source_of(state, tree.worktree.top), tree.graphs, is_forced)
    desired = replace(tree.desired, problems=())
    judge = VersionJudge()
    interfaces = interfaces_of(judge.to_compare(desired, actual), desired, tree.worktree.objects)
    plan = make_plan(desired, tree.graphs, tree.problems, actual, judge, interfaces, tree.firings)
    return replace(plan, problems=located(plan.problems, tree.desired.snapshot, tree.worktree.objects)), actual


def version_problems(tree: LoadedTree, state: State) -> tuple[Problem, ...]:
    """What is wrong with versions, against tags and what was applied; nothing is said of files that are broken."""
    desired = tree.desired
    actual = ActualReader(state).read(source_of(state, tree.worktree.top), ())
    judge = VersionJudge()
    interfaces = interfaces_of(judge.to_compare(desired, actual), desired, tree.worktree.objects)
    broken = {problem.file for problem in tree.problems if problem.is_error}
    found = (problem for problem in judge.judge(desired, actual, interfaces)[1] if problem.file not in broken)
    return located(judged(found, desired.settings), desired.snapshot, tree.worktree.objects)


def source_of(state: State, folder: Path) -> str:
    """The source that the repository of a folder is compared with.

    That is the only one there is, else the only one with the address of a remote of the repository, else none in
    particular.
    """
    sources = state.sources.all()
    if len(sources) == 1:
        return sources[0].name
    remotes = {repository_of(url, folder) for url in remote_addresses(folder)}
    found = [source.name for source in sources if repository_of(source.url) in remotes]
    return found[0] if len(found) == 1 else LOCAL_SOURCE


def below(tree: LoadedTree, path: Path, file: str) -> bool:
    """Whether a file of the repository is the path, or lies below it."""
    wanted = path.resolve().relative_to(tree.worktree.top)
    prefix = wanted.as_posix()
    return prefix in (".", file) or file.startswith(f"{prefix}/")
