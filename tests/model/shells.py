"""Real shells that run what was rendered."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.model.commands import render
from reconciler.model.manifests import Scalar

SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]


def printed(command: str, inputs: Mapping[str, Scalar], outputs: Mapping[str, str] | None = None) -> str:
    """What a command prints, run as the engines run it."""
    return _run("sh", render(command, inputs, outputs or {}), None).stdout.decode()


def files_made(shell: str, command: str) -> list[str]:
    """The files that a command leaves in an empty folder, whether it succeeds or not."""
    with tempfile.TemporaryDirectory() as folder:
        _run(shell, command, folder)
        return sorted(file.name for file in Path(folder).iterdir())


def _run(shell: str, command: str, folder: str | None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [shell, "-c", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
    )
