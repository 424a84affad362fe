"""What the pipelines of a work tree pin, for the verbs that look at it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler.cli.output import complain
from reconciler.cli.work_tree import LoadedTree, loaded_tree
from reconciler.environments.interfaces import interfaces_of
from reconciler.model.desired import Desired
from reconciler.model.errors import UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.planning.outdated import (
    Pinned,
    manifests_to_compare,
    pinned_by,
    releases_to_compare,
    with_changes,
)
from reconciler.planning.resolve import Registry
from reconciler.state.store import State


@contextmanager
def pinned_tree(path: Path, state: State, data_roots: Sequence[str] = ()) -> Iterator[tuple[LoadedTree, list[Pinned]]]:
    """A work tree with the references of all its pipelines, and what would change for each; no URL is looked up."""
    with loaded_tree(path, state, data_roots, also=lambda desired: releases_to_compare(_pins(desired))) as tree:
        pins, desired = _pins(tree.desired), tree.desired
        interfaces = interfaces_of(manifests_to_compare(pins, desired), desired, tree.worktree.objects)
        unread = {problem.file for problem in tree.problems if problem.is_error} - desired.manifests.keys()
        for file in sorted(unread):
            complain(f"{file} is not looked at: it has mistakes, which `reconciler validate` shows")
        yield tree, with_changes(pins, desired, interfaces)


def require_known(names: Collection[str], tree: LoadedTree) -> None:
    """See to it that there are pipelines of all names.

    Raises:
        UsageError: one of them is not there.
    """
    known = [pipeline.name for pipeline in tree.desired.pipelines]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, f"there are: {', '.join(sorted(known)) or 'none'}")
            raise UsageError(f"there is no pipeline `{name}`", place=str(tree.worktree.top), hint=hint)


def _pins(desired: Desired) -> list[Pinned]:
    return pinned_by(desired.pipelines, Registry(desired))
