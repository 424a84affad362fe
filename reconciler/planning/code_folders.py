"""What stands in the working directory of a component's command: its code, and what is laid beside it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.manifests import Component
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.snapshot import MOUNT, Entry, EntryKind, inside
from reconciler.model.steps import CodeFolder
from reconciler.planning.repository_paths import Unresolved, missing, within_repository

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".amlignore"


class CodeFolders:
    """The code folders of components, each listed once as long as what it is made of stays the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, ...], tuple[tuple[str, ...], CodeFolder]] = {}

    def of(self, component: Component, desired: Desired) -> CodeFolder | None:
        """The component's code with its includes, None where it has neither.

        Raises:
            Unresolved: the repository has no such folder, or two things would lie in one place.
        """
        if component.code is None and not component.includes:
            return None
        code = None if component.code is None else _code_path(component, component.code, desired)
        includes = tuple(_include_path(component, index, desired) for index in range(len(component.includes)))
        key = (code, *includes) if includes else (code,)
        made_of = tuple(_entry(path, desired).oid for path in key if path is not None)
        known = self._known.get(key)
        if known is None or known[0] != made_of:
            known = self._known[key] = (made_of, _code_folder(component, code, includes, desired))
        return known[1]


def _code_folder(component: Component, code: str | None, includes: tuple[str, ...], desired: Desired) -> CodeFolder:
    is_file = code is not None and _entry(code, desired).kind is EntryKind.FILE
    if code is not None and not is_file and not includes and code not in desired.ignores:
        return CodeFolder(code, _entry(code, desired).oid, desired.snapshot.files_under(code), paths=(code,))
    entries: dict[str, Entry] = {}
    if code is not None and is_file:  # `code: train.py`, the only file that the step finds
        entries[posixpath.basename(code)] = _entry(code, desired)
    elif code is not None:
        entries.update(_below(code, "", desired))
    for index, path in enumerate(includes):
        name = posixpath.basename(path)
        if name in entries:
            pointer: Pointer = (*component.place, "additional_includes", index)
            message = f"`{path}` would take the place of `{name}`, which is there already"
            raise Unresolved(Problem(component.file, Code.DUPLICATE_NAME, message, "rename one of the two", pointer))
        entries[name] = _entry(path, desired)
        if entries[name].kind is EntryKind.TREE:
            entries.update(_below(path, f"{name}/", desired))
    made = {path: entries[path] for path in sorted(entries)}
    files = {path: each.oid for path, each in made.items() if each.kind is not EntryKind.TREE}
    path = posixpath.dirname(component.file) if code is None else code
    paths = includes if code is None else (code, *includes)
    return CodeFolder(path, _tree_of(made), files, made, paths)


def _tree_of(entries: Mapping[str, Entry]) -> str:
    """What stands for the id of a tree; a path may hold bytes that are no text."""
    listed = [
        [path.encode(errors="backslashreplace").decode(), each.oid, each.kind, each.is_executable]
        for path, each in entries.items()
        if each.kind is not EntryKind.TREE
    ]
    return f"made-{digest_of(listed)}"


def _below(folder: str, prefix: str, desired: Desired) -> Iterator[tuple[str, Entry]]:
    """What lies in a folder and is not ignored there, with the folders that still hold something."""
    ignored = desired.ignores.get(folder)
    patterns = None if ignored is None else _patterns(ignored)
    start = inside(folder)
    folders: set[str] = set()
    for path in desired.snapshot.files_under(folder):
        if path == IGNORE_FILE or (patterns is not None and patterns.match_file(path)):
            continue
        for position, letter in enumerate(path):
            if letter == "/" and path[:position] not in folders:
                folders.add(path[:position])
                yield prefix + path[:position], _entry(start + path[:position], desired)
        yield prefix + path, _entry(start + path, desired)


def _patterns(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # takes longer to import than most plans to make

    return GitIgnoreSpec.from_lines(lines)


def _entry(path: str, desired: Desired) -> Entry:
    entry = desired.snapshot.entry(path)
    if entry is None:
        raise KeyError(path)
    return entry


def _code_path(component: Component, written: str, desired: Desired) -> str:
    pointer: Pointer = (*component.place, "code")
    path = within_repository(component.file, written, pointer)
    entry = desired.snapshot.entry(path)
    if entry is None or entry.kind not in (EntryKind.TREE, EntryKind.FILE):
        message = f"there is no folder `{path}`" if entry is None else f"`{path}` is neither a folder nor a file"
        hint = "commit the folder of the component's code, or correct `code:`"
        message, hint = missing(path, desired.snapshot, message, hint)
        raise Unresolved(Problem(component.file, Code.MISSING_FILE, message, hint, pointer))
    return path


def _include_path(component: Component, index: int, desired: Desired) -> str:
    pointer: Pointer = (*component.place, "additional_includes", index)
    path = within_repository(component.file, component.includes[index], pointer)
    entry = desired.snapshot.entry(path)
    is_root = not path or path.endswith(MOUNT)
    if entry is not None and entry.kind in (EntryKind.FILE, EntryKind.TREE) and not is_root:
        return path
    hint = "commit it, or correct `additional_includes:`"
    if is_root:
        message, hint = "the whole repository cannot be included", "name the folders that are needed"
    elif entry is not None:
        message, hint = f"`{path}` is neither a file nor a folder", "include what it leads to"
    elif path.endswith(".zip"):
        folder = component.includes[index].removesuffix(".zip")
        message = f"there is no `{path}`, and no folder is zipped here"
        hint = f"include the folder itself: `{folder}`"
    else:
        message = f"there is no file or folder `{path}`"
    message, hint = missing(path, desired.snapshot, message, hint)
    raise Unresolved(Problem(component.file, Code.MISSING_FILE, message, hint, pointer))
