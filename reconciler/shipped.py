"""Where the files lie that come with the program: schemas, components, the template of a repository."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """The folder `schemas`, `components` or `repo-template`, installed or in a checkout of the project."""
    installed = _HERE / "_shipped" / name
    return installed if installed.is_dir() else _HERE.parent / name
