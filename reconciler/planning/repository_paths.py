"""Paths that manifests name, as paths in the repository; what is raised where a name or a path leads nowhere."""

from __future__ import annotations

import posixpath

from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.snapshot import MOUNT, EntryKind, Snapshot


class Unresolved(Exception):  # noqa: N818 - a problem of a manifest, not an error of the program
    """A reference leads nowhere; carries the problem to show."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class UnsupportedReference(Unresolved):
    """A reference leads to a manifest of a kind that is recognised and refused."""


def missing(path: str, snapshot: Snapshot, message: str, hint: str) -> tuple[str, str]:
    """What to say, and to do, where nothing that can be used lies at a path: as given, save in a submodule."""
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        above = "/".join(parts[:length])
        entry = snapshot.entry(above)
        if entry is not None and entry.kind is EntryKind.SUBMODULE:
            how = "`submodules: true` of the source has the daemon read it; `git submodule update --init` checks it out"
            return f"`{path}` lies in the submodule `{above}`, which is not here", how
    return message, hint


def within_repository(file: str, path: str, pointer: Pointer) -> str:
    """A path relative to a manifest as a path in the repository.

    Raises:
        Unresolved: it leads out of the repository.
    """
    tag, is_mounted, inside = file.rpartition(MOUNT)
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(inside), path))
    if joined == ".." or joined.startswith(("../", "/")):
        message = f"`{path}` leads out of the repository"
        hint = "paths in a manifest are relative to it and stay in the repository"
        raise Unresolved(Problem(file, Code.OUTSIDE_REPOSITORY, message, hint, pointer))
    return tag + is_mounted + ("" if joined == "." else joined)
