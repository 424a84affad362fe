"""The program as a person starts it, apart from this machine's settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_COMMIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def reconciler(*arguments: str | Path, folder: Path, state: Path) -> str:
    """What the program prints in a folder, on both streams."""
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **_COMMIT, "RECONCILER_STATE": str(state), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def commit(folder: Path) -> None:
    """Everything in the folder as the first commit of a new repository."""
    for arguments in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **_COMMIT}, check=True)


def masked(text: str) -> str:
    """Text without what differs between two runs: digests, moments, and how wide a column is."""
    text = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "MOMENT", text)
    return re.sub(r"\s+", " ", re.sub(r"\b[0-9a-f]{12,64}\b", "DIGEST", text)).strip()
