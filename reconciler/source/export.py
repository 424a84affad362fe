"""Content of a repository written to disk: whole or not at all, and never outside its folder."""

from __future__ import annotations

import os
import posixpath
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Entry, EntryKind
from reconciler.source.plumbing import Git
from reconciler.source.tree import list_tree


class Readable(Protocol):
    """Gives the content of objects."""

    def read(self, oid: str) -> bytes: ...

    def copy_content(self, oid: str, write: Callable[[bytes], object]) -> None: ...


def tree(git: Git, objects: Readable, oid: str, destination: Path) -> None:
    """Write a tree into a new folder.

    Raises:
        SourceError: a path or a link in the tree leads out of it.
    """
    if not destination.exists():
        entries(objects, list_tree(git, oid), destination)


def entries(objects: Readable, entries: Mapping[str, Entry], destination: Path) -> None:
    """Write what is listed, each folder before what lies in it, into a new folder.

    Raises:
        SourceError: a path or a link leads out of the folder.
    """
    if destination.exists():
        return
    staged = _staged(destination)
    staged.mkdir(parents=True)
    try:
        for path, entry in entries.items():
            target = staged / _safe(path, entries)
            match entry.kind:
                case EntryKind.TREE:
                    target.mkdir()
                case EntryKind.FILE:
                    _write(objects, entry.oid, target, 0o555 if entry.is_executable else 0o444)
                case EntryKind.LINK:
                    target.symlink_to(objects.read(entry.oid).decode(errors="surrogateescape"))
                case EntryKind.SUBMODULE:
                    continue
        for path, entry in entries.items():
            if entry.kind is EntryKind.LINK:
                _check_link(staged, path)
        _publish(staged, destination)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def file(objects: Readable, oid: str, destination: Path) -> None:
    """Write a blob into a new read-only file."""
    if destination.exists():
        return
    staged = _staged(destination)
    staged.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(objects, oid, staged, 0o444)
        _publish(staged, destination)
    finally:
        staged.unlink(missing_ok=True)


def _staged(destination: Path) -> Path:
    return destination.parent / f".{destination.name[:12]}-{uuid.uuid4().hex}"


def _publish(staged: Path, destination: Path) -> None:
    try:
        staged.rename(destination)
    except OSError:
        if not destination.exists():  # another thread was faster with the same content
            raise


def _write(objects: Readable, oid: str, target: Path, mode: int) -> None:
    with target.open("wb") as opened:
        objects.copy_content(oid, opened.write)
        os.fchmod(opened.fileno(), mode)


def _safe(path: str, entries: Mapping[str, Entry]) -> str:
    parts = path.split("/")
    above = entries.get(posixpath.dirname(path))
    # A crafted tree may hold a link and a folder of the same name, to have files written through the link.
    is_below_folder = len(parts) == 1 or (above is not None and above.kind is EntryKind.TREE)
    if not is_below_folder or ".." in parts or ".git" in (part.lower() for part in parts):
        raise SourceError(f"the path `{path}` leads out of the tree", hint="remove it from the repository")
    return path


def _check_link(folder: Path, path: str) -> None:
    """Follow a link through all others on its way; what its own text says is not where it leads."""
    target = (folder / path).readlink()
    reached = Path(os.path.realpath(folder / path))
    if target.is_absolute() or not reached.is_relative_to(os.path.realpath(folder)):
        hint = "links may only lead to files of the same folder"
        raise SourceError(f"the link `{path}` leads out of the tree, to `{target}`", hint=hint)
