"""One commit planned against another, for the verbs that show or post it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reconciler.model.configuration import Configuration
from reconciler.model.plan import Actual
from reconciler.model.steps import Graph
from reconciler.planning.expected_time import Earlier, EarlierStep
from reconciler.review.change import ChangePlan, change_plan
from reconciler.review.loading import Surroundings, load_both
from reconciler.review.revisions import two_revisions
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.state.actual import ActualReader
from reconciler.state.folder import StateFolder
from reconciler.state.step_times import StepTimes
from reconciler.state.store import State

Content = Callable[[str], bytes | None]
"""The bytes of a file at the head, None where there is none."""


@dataclass(frozen=True, slots=True)
class AskedChange:
    """Two commits, or what leads to them.

    Attributes:
        is_stateless: plan from Git alone, whatever is known of runs.
    """

    base: str
    head: str = "HEAD"
    is_stateless: bool = False
    is_strict: bool = False
    data_roots: tuple[str, ...] = ()


@contextmanager
def planned_change(
    git: Git, folder: StateFolder, asked: AskedChange, configuration: Configuration
) -> Iterator[tuple[ChangePlan, Content]]:
    """What the change would do, with what ran where that is known; a state that is not there is not made.

    Raises:
        UsageError: one of the two is no commit, or they have none in common.
    """
    revisions = two_revisions(git, asked.base, asked.head)
    with Objects(git) as objects, _nothing_collected():
        if asked.is_stateless or not folder.database.exists():
            around = Surroundings(data_roots=asked.data_roots, is_strict=asked.is_strict)
            sides = load_both(git, objects, revisions, around)
            change = change_plan(sides, objects, None, lambda _: {})
        else:
            with _opened(folder) as state:
                sides = load_both(git, objects, revisions, _surroundings(state, asked, configuration))
                change = change_plan(sides, objects, partial(_actual, state, _folder(git)), partial(_times, state))

        def content(file: str) -> bytes | None:
            entry = revisions.head.entries.get(file)
            return objects.read(entry.oid) if entry is not None else None

        yield change, content


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """What is read stays until the end: a collection would only walk through all of it, again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _opened(folder: StateFolder) -> Iterator[State]:
    state = State(folder)
    try:
        yield state
    finally:
        state.close()


def _surroundings(state: State, asked: AskedChange, configuration: Configuration) -> Surroundings:
    # Their imports take longer than a plan from Git alone of what is small.
    from reconciler.cli.outside_data import make_remote_data
    from reconciler.cli.pinned_images import pinned_images

    return Surroundings(
        state.documents,
        state.documents,
        make_remote_data(state, configuration),
        pinned_images(state, configuration),
        state.assets.all(),
        asked.data_roots,
        asked.is_strict,
    )


def _actual(state: State, folder: Path, graphs: Iterable[Graph]) -> Actual:
    from reconciler.cli.work_tree import source_of

    return ActualReader(state).read(source_of(state, folder), graphs)


def _folder(git: Git) -> Path:
    """The top of the work tree, or the repository itself where it has none."""
    if git.git_dir is None:
        return git.folder or Path()
    return git.git_dir.parent if git.git_dir.name == ".git" else git.git_dir


def _times(state: State, pipeline: str) -> Earlier:
    found: Mapping[str, list[tuple[str, float]]] = StepTimes(state.database).of(pipeline)
    return {name: [EarlierStep(*each) for each in executions] for name, executions in found.items()}
