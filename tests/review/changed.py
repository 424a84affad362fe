"""A repository with a branch that changes it, and what is said of that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.planning.expected_time import Earlier
from reconciler.review.change import ChangePlan, ReadActual, change_plan
from reconciler.review.loading import BothSides, Surroundings, load_both
from reconciler.review.revisions import repository_at, two_revisions
from reconciler.source.objects import Objects
from tests.daemon.origin import Origin

Files = Mapping[str, str | None]


class Changed:
    """The main branch holds the base, the branch `change` what differs on top of it."""

    def __init__(self, folder: Path, base: Files, change: Files) -> None:
        self.origin = Origin(folder)
        self.origin.push(base)
        self.origin.git("checkout", "-q", "-b", "change")
        self.commit(change)

    @property
    def work_tree(self) -> Path:
        return self.origin.work_tree

    def commit(self, files: Files) -> None:
        """Commit files on the branch that is checked out; None deletes one."""
        for name, text in files.items():
            path = self.work_tree / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.origin.git("add", "--all")
        self.origin.git("commit", "-q", "--allow-empty", "-m", "a change")

    def plan(
        self,
        earlier: Callable[[str], Earlier] = lambda _: {},
        read_actual: ReadActual | None = None,
        around: Surroundings | None = None,
    ) -> ChangePlan:
        git = repository_at(self.work_tree)
        with Objects(git) as objects:
            sides = self.sides(objects, around)
            return change_plan(sides, objects, read_actual, earlier)

    def sides(self, objects: Objects, around: Surroundings | None = None) -> BothSides:
        git = repository_at(self.work_tree)
        return load_both(git, objects, two_revisions(git, "main", "HEAD"), around or Surroundings())


def without_ids(text: str) -> str:
    """The text with the ids of commits and trees, which differ from run to run, left out."""
    return re.sub(r"\b[0-9a-f]{40}\b", "…", text)
