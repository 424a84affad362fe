"""Conda files: the Python version, the pip section, everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.errors import EnvironmentBuildError

_PACKAGE = re.compile(r"^(?:[\w-]+::)?([A-Za-z0-9_.-]+)\s*(.*)$")
_BUILD = re.compile(r"(?<=[\d*])=\S*$")  # the third part of `python=3.11.4=h955ad1f_0`
_FROM_FILE = re.compile(r"^(-r|-c|-e|--requirement|--constraint|--editable)\b")


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
        EnvironmentBuildError: it has no list where there must be one, or names files that hold the packages.
    """
    dependencies = _listed(content.get("dependencies", []), "dependencies", place)
    python: str | None = None
    pip: list[str] = []
    packages: list[str] = []
    for item in dependencies:
        if isinstance(item, Mapping):
            pip.extend(str(line).strip() for line in _listed(item.get("pip") or [], "pip", place))
            continue
        matched = _PACKAGE.match(str(item).strip())
        name = matched[1].lower() if matched else str(item)
        if name == "python":
            python = python_version(matched[2] if matched else "")
        elif name != "pip":
            packages.append(str(item))
    files = [line for line in pip if _FROM_FILE.match(line)]
    if files:
        message = f"the pip section of the conda file points to what is not in it: {', '.join(files)}"
        raise EnvironmentBuildError(message, place=place, hint="list the packages themselves in the pip section")
    options = tuple(line for line in pip if line.startswith("-"))
    return CondaFile(python, tuple(line for line in pip if not line.startswith("-")), tuple(packages), options)


def _listed(value: object, name: str, place: str) -> list[Any]:
    if isinstance(value, list):
        return value
    hint = "write `dependencies: [python=3.11, pip, {pip: [scikit-learn==1.9.1]}]`"
    raise EnvironmentBuildError(f"`{name}` of the conda file is no list", place=place, hint=hint)


def python_version(text: str) -> str | None:
    """`=3.11`, `==3.11.*` or `>=3.11,<3.12` as uv reads it: exact where it is exact, else a range."""
    wanted = _BUILD.sub("", text.strip()).removesuffix(".*")
    if re.fullmatch(r"=*\s*\d+(\.\d+)*", wanted):
        return wanted.lstrip("= ").strip()
    return wanted or None
