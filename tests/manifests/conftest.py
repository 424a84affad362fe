"""Real git repositories, loaded and bound as a whole."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.manifests.loader import Loader, located
from reconciler.model.desired import Desired
from reconciler.model.problems import Problem
from reconciler.planning.graph import GraphBuilder
from reconciler.source.worktree import worktree_snapshot


@dataclass(frozen=True)
class Checked:
    """What a folder holds, with the problems of its files and of their references."""

    desired: Desired
    problems: tuple[Problem, ...]


@pytest.fixture
def check_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Checked]]:
    """Commits what stands in a folder and loads it."""
    with ExitStack() as stack:

        def check(folder: Path) -> Checked:
            for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "first"]):
                identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
                subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)
            tree = worktree_snapshot(folder, tmp_path_factory.mktemp("scratch"))
            stack.callback(tree.objects.close)
            desired = Loader().load(tree.snapshot, tree.objects)
            _, found = GraphBuilder().build(desired)
            return Checked(desired, located((*desired.problems, *found), tree.snapshot, tree.objects))

        yield check


@pytest.fixture
def check_files(check_folder: Callable[[Path], Checked], tmp_path: Path) -> Callable[[Mapping[str, str]], Checked]:
    """Writes files into a new repository, commits and loads them."""

    def check(files: Mapping[str, str]) -> Checked:
        for path, text in files.items():
            file = tmp_path / "repository" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return check_folder(tmp_path / "repository")

    return check
