"""Conda files: the Python version, the pip section, everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.errors import EnvironmentBuildError

_PACKAGE = re.compile(r"^(?:[\w-]+::)?([A-Za-z0-9_.-]+)\s*(.*)$")


@dataclass(frozen=True, slots=True)
class CondaFile:
    """What a conda file asks for.

    Attributes:
        python: such as `3.11`, None where any will do.
        pip: requirement lines; options such as `--index-url` are in `options`.
        packages: conda packages besides Python and pip.
    """

    python: str | None
    pip: tuple[str, ...]
    packages: tuple[str, ...]
    options: tuple[str, ...] = ()


def read_conda_file(content: Mapping[str, Any], place: str) -> CondaFile:
    """Read a parsed conda file.

    Raises:
        EnvironmentBuildError: `dependencies` is not a list of packages.
    """
    dependencies = content.get("dependencies", [])
    if not isinstance(dependencies, list):
        hint = "write `dependencies: [python=3.11, pip, {pip: [scikit-learn==1.9.1]}]`"
        raise EnvironmentBuildError("`dependencies` of the conda file is no list", place=place, hint=hint)
    python: str | None = None
    pip: list[str] = []
    packages: list[str] = []
    for item in dependencies:
        if isinstance(item, Mapping):
            pip.extend(str(line).strip() for line in item.get("pip") or [])
            continue
        matched = _PACKAGE.match(str(item).strip())
        name = matched[1].lower() if matched else str(item)
        if name == "python":
            python = python_version(matched[2] if matched else "")
        elif name != "pip":
            packages.append(str(item))
    options = tuple(line for line in pip if line.startswith("-"))
    return CondaFile(python, tuple(line for line in pip if not line.startswith("-")), tuple(packages), options)


def python_version(text: str) -> str | None:
    """`=3.11`, `==3.11.*` or `>=3.11,<3.12` as uv reads it: exact where it is exact, else a range."""
    wanted = text.strip().removesuffix(".*")
    if re.fullmatch(r"=*\s*\d+(\.\d+)*", wanted):
        return wanted.lstrip("= ").strip()
    return wanted or None
