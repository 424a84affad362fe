"""The plan of a pull request from a fresh clone, as a forge's job makes it: the whole process, nothing known yet."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.command_line import PROGRAM, run
from benchmarks.measure import Measure, median_ms
from benchmarks.repository import Repository

_PERSON = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
_ROUNDS = 5


def measure_review(repository: Repository, folder: Path) -> Iterator[Measure]:
    """One changed manifest on a branch, planned against main from Git alone."""
    size = repository.size
    clone = folder / f"review-{size}"
    _git(folder, "clone", "--quiet", str(repository.origin), str(clone))
    _git(clone, "checkout", "--quiet", "-b", "change")
    component = clone / repository.component(size // 2).relative_to(repository.work_tree)
    changed = component.read_text().replace("command: echo", "command: echo reviewed")
    component.write_text(re.sub("version: .*", "version: 1.99.0", changed))
    _git(clone, *_PERSON, "commit", "--quiet", "--all", "--message", "change")
    command = (PROGRAM, "plan", "--base", "main", "--no-state", "-o", "markdown", str(clone))
    took = median_ms(lambda: run(*command), _ROUNDS)
    yield Measure("`plan --base` of one changed manifest, cold", size, took, "ms", 1500 if size == 10_000 else None)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
