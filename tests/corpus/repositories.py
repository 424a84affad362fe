"""The repositories of the corpus, all held in one Git tree: each case is a folder of it, seen as a whole repository."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from reconciler.cli.contract import plan_json
from reconciler.manifests.loader import Loader, located
from reconciler.model.data_paths import RemoteData
from reconciler.model.desired import Desired
from reconciler.model.plan import Actual, Plan
from reconciler.model.problems import Problem
from reconciler.model.snapshot import Snapshot
from reconciler.model.steps import Graph
from reconciler.model.strictness import judged
from reconciler.planning.diff import plan
from reconciler.planning.firing import firings, problems_of
from reconciler.planning.graph import GraphBuilder
from reconciler.source.ignores import with_ignores
from reconciler.source.objects import Objects
from reconciler.source.worktree import worktree_snapshot

from .steps import steps_json

CORPUS = Path(__file__).parent
VALID = CORPUS / "valid"
INVALID = CORPUS / "invalid"
NEIGHBOURS = CORPUS / "neighbours"

ELSEWHERE = "elsewhere.json"
"""What lies at the URLs that a repository names, as the store would say: no test asks one."""

NOW = 1735689600.0  # 2025-01-01, for when schedules fire next

EXPECTED = "expected.txt"
PLAN = "plan.json"


@dataclass(frozen=True)
class Case:
    """One invalid manifest, or a folder of files that are invalid together.

    Attributes:
        id: topic and name; also its folder once it is laid out.
        path: of the manifest, or of the folder.
    """

    id: str
    path: Path

    @property
    def is_single(self) -> bool:
        return self.path.is_file()

    @property
    def manifests(self) -> list[str]:
        """The case's own files, without the neighbours."""
        if self.is_single:
            return [self.path.name]
        files = (file.relative_to(self.path).as_posix() for file in self.path.rglob("*") if file.is_file())
        return sorted(file for file in files if file != EXPECTED)


def invalid_cases() -> list[Case]:
    """A YAML file of a topic is a case of its own; so is a folder that says what is expected of it."""
    files = [path for path in INVALID.glob("*/*") if path.suffix in (".yaml", ".yml")]
    folders = [path.parent for path in INVALID.glob(f"*/*/{EXPECTED}")]
    return [Case(f"{path.parent.name}/{path.stem}", path) for path in sorted([*files, *folders])]


def valid_repositories() -> list[Path]:
    return sorted(path for path in VALID.iterdir() if path.is_dir())


@dataclass(frozen=True)
class Judged:
    """What the project says of a repository that was never applied before."""

    desired: Desired
    plan: Plan
    graphs: Sequence[Graph]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.plan.problems

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """The plan without what names the revision, with what its steps are given."""
        told = plan_json(self.plan, NOW)
        kept = {key: value for key, value in told.items() if key not in ("revision", "base")}
        return {**kept, "steps": steps_json(self.graphs)}


class Repositories:
    """Folders laid out beside each other, read from Git once."""

    def __init__(self, top: Path, snapshot: Snapshot, objects: Objects) -> None:
        self.top = top
        self._objects = objects
        self._entries: dict[str, dict[str, Any]] = {}
        self._trees = {path: entry.oid for path, entry in snapshot.entries.items()}
        for path, entry in snapshot.entries.items():
            first, second, inside = (*path.split("/", 2), "", "")[:3]
            if inside:
                self._entries.setdefault(f"{first}/{second}", {})[inside] = entry

    def judge(self, name: str) -> Judged:
        """Load and plan one of the folders, as `plan` does with an empty state."""
        tree = self._trees[name]
        snapshot = Snapshot(f"worktree@sha1:{tree}", None, tree, self._entries[name])
        desired = with_ignores(Loader().load(snapshot, self._objects), self._objects)
        desired = replace(desired, remote_data=self._elsewhere(snapshot))
        graphs, found = GraphBuilder().build(desired)
        scheduled = firings(desired)
        problems = judged((*desired.problems, *found, *problems_of(scheduled)), desired.settings)
        problems = located(problems, snapshot, self._objects)
        made = plan(replace(desired, problems=()), graphs, problems, Actual(), scheduled=scheduled)
        made = replace(made, problems=located(made.problems, snapshot, self._objects))
        return Judged(desired, made, graphs)

    def _elsewhere(self, snapshot: Snapshot) -> Mapping[str, RemoteData]:
        if ELSEWHERE not in snapshot.entries:
            return {}
        told: dict[str, Any] = json.loads(self._objects.read(snapshot.entries[ELSEWHERE].oid))
        return {url: RemoteData(**said) for url, said in told.items()}


@contextmanager
def laid_out(top: Path) -> Iterator[Repositories]:
    """The whole corpus below a folder: `valid/NAME`, and `TOPIC/NAME` for each invalid case with its neighbours."""
    for repository in valid_repositories():
        shutil.copytree(repository, top / "valid" / repository.name)
    for case in invalid_cases():
        folder = top / case.id
        if case.is_single:
            shutil.copytree(NEIGHBOURS, folder)
            shutil.copy(case.path, folder)
        else:
            shutil.copytree(case.path, folder, ignore=shutil.ignore_patterns(EXPECTED))
    with tempfile.TemporaryDirectory() as scratch:
        tree = worktree_snapshot(top, Path(scratch))
        try:
            yield Repositories(top, tree.snapshot, tree.objects)
        finally:
            tree.objects.close()
