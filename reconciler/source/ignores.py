"""The `.amlignore` files of a repository: what of a code folder is no part of the code."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from reconciler.model.desired import Desired
from reconciler.model.problems import Code, Problem
from reconciler.model.snapshot import MOUNT, EntryKind, Snapshot, mounted

IGNORE_FILE = ".amlignore"


class BlobReader(Protocol):
    """Gives the content of blobs."""

    def read_many(self, oids: Sequence[str]) -> Mapping[str, bytes]: ...


def with_ignores(desired: Desired, blobs: BlobReader) -> Desired:
    """The desired state with the patterns of its `.amlignore` files; as it is where there are none."""
    found = dict(_ignore_files(desired.snapshot))
    if not found:
        return desired
    contents = blobs.read_many(list(found.values()))
    ignores: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for path, oid in found.items():
        patterns = tuple(contents[oid].decode("utf-8", errors="replace").lstrip("\ufeff").splitlines())
        wrong = [number for number, pattern in enumerate(patterns) if not _is_pattern(pattern)]
        for number in wrong:
            message, hint = f"`{patterns[number]}` is no pattern", "write patterns as in a .gitignore"
            problems.append(Problem(path, Code.INVALID_VALUE, message, hint, line=number + 1, column=1))
        ignores[_folder(path)] = tuple(each for number, each in enumerate(patterns) if number not in wrong)
    return replace(desired, ignores=ignores, problems=(*desired.problems, *problems))


def _ignore_files(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The paths of the `.amlignore` files of the revision and of what is mounted, with the ids of their blobs."""
    for path, entry in snapshot.entries.items():
        if path.endswith(IGNORE_FILE) and entry.kind is EntryKind.FILE and posixpath.basename(path) == IGNORE_FILE:
            yield path, entry.oid
    for tag, mount in snapshot.mounts.items():
        for path, entry in mount.entries.items():
            if posixpath.basename(path) == IGNORE_FILE and entry.kind is EntryKind.FILE:
                yield mounted(tag, path), entry.oid


def _folder(path: str) -> str:
    folder = path.removesuffix(IGNORE_FILE)
    return folder if folder.endswith(MOUNT) else folder.removesuffix("/")


def _is_pattern(written: str) -> bool:
    from pathspec import GitIgnoreSpec  # slow to import, and rarely needed

    try:
        GitIgnoreSpec.from_lines([written])
    except ValueError:
        return False
    return True
