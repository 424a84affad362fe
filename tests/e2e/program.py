"""The installed program, driven as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str

    def data(self) -> Any:
        return json.loads(self.out)


def reconciler(*arguments: str | Path, folder: Path | None = None) -> Answer:
    """Run a verb to its end."""
    command = [sys.executable, "-m", "reconciler", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a work tree, as a person of that name."""
    identity = {f"GIT_{who}_{what}": f"tester{at}" for who in ("AUTHOR", "COMMITTER") for what, at in _IDENTITY}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **identity}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def rows(text: str) -> dict[str, str]:
    """The rows of a table that the program printed, by their first column."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.strip().partition("  ")
        found[name] = rest.strip()
    return found


def real_data(name: str) -> Path | None:
    """A real table that does not come with the project: in `$RECONCILER_TEST_DATA`, else beside the checkout."""
    folder = Path(os.environ.get("RECONCILER_TEST_DATA", PROJECT.parent / "shared" / "data"))
    path = folder / name
    return path if path.exists() else None


_IDENTITY = (("NAME", ""), ("EMAIL", "@localhost"))
