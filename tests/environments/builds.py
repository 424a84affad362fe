"""Environments to be built, and programs that stand in for uv where its part has to be seen or stopped."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from reconciler.environments.base import EnvironmentSpec
from reconciler.model.digests import digest_of

TINY = "iniconfig==2.0.0"


def conda_spec(*pip: str, python: str = "", name: str = "tiny", packages: tuple[str, ...] = ()) -> EnvironmentSpec:
    """An environment from a conda file with these packages; its digest is that of the file."""
    content: dict[str, Any] = {"dependencies": [f"python{python}", "pip", *packages, {"pip": list(pip)}]}
    return EnvironmentSpec(name=name, version="1.0.0", digest=digest_of(content), conda=content)


def context_spec(folder: Path, dockerfile: str, **files: str) -> EnvironmentSpec:
    """An environment from a build context; keyword `requirements` becomes the file `requirements.txt`."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    digest = digest_of([dockerfile, sorted(files.items())])
    return EnvironmentSpec("context", "1.0.0", digest, context_folder=folder, dockerfile="Dockerfile")


def fake_uv(folder: Path, script: str) -> str:
    """A program in place of uv, which notes each call in `calls`, one line each, before it does as `script` says."""
    program = folder / "fake-uv"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/calls"\n{script}\n')
    program.chmod(0o755)
    return str(program)


MAKES_VENV = 'if [ "$1" = venv ]; then mkdir -p "$4/bin"; ln -s /bin/true "$4/bin/python"; fi'
"""What a fake uv does so that the environment is whole."""


def calls(folder: Path) -> list[str]:
    """The calls of a fake uv."""
    file = folder / "calls"
    return file.read_text().splitlines() if file.exists() else []


def output_of(venv: str, code: str) -> str:
    """What an environment's Python prints."""
    return subprocess.check_output([f"{venv}/bin/python", "-c", code], text=True).strip()
