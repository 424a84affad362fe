"""What a revision needs that is in Git LFS: where it is asked for, and what is wrong where its content is not here."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from reconciler.model.problems import Code, Problem
from reconciler.model.snapshot import EntryKind, Snapshot
from reconciler.model.steps import CodeFolder, DataSource, Graph

_ATTRIBUTES = ".gitattributes"
_HINT = "`lfs: true` of the source has the daemon fetch it; `git lfs pull` does in a work tree"
Needed = dict[str, tuple[str, str]]


def attribute_files(snapshot: Snapshot) -> list[str]:
    """The ids of the files that may say that something is in Git LFS."""
    listed = (snapshot.entries, *(mount.entries for mount in snapshot.mounts.values()))
    return [
        entry.oid
        for entries in listed
        for path, entry in entries.items()
        if path.endswith(_ATTRIBUTES) and entry.kind is EntryKind.FILE
    ]


def needed_files(graphs: Iterable[Graph], snapshot: Snapshot) -> Needed:
    """The ids of the files that steps are given, each with its path and a manifest that needs it."""
    needed: Needed = {}
    for step in (step for graph in graphs for step in graph.steps):
        if step.definition.code is not None:
            needed.update((oid, (path, step.file)) for path, oid in _of_code(step.definition.code))
        for _, source in step.sources:
            if isinstance(source, DataSource) and source.oid is not None:
                needed.update((oid, (path, source.file)) for path, oid in _of_data(source, snapshot))
    return needed


def problems_of(needed: Needed, absent: Container[str]) -> Iterator[Problem]:
    """What to say of files whose content is not here; one for each manifest that needs some."""
    seen: set[str] = set()
    for oid, (path, file) in needed.items():
        if oid in absent and file not in seen:
            seen.add(file)
            yield Problem(file, Code.MISSING_FILE, f"`{path}` is in Git LFS, and its content is not here", _HINT)


def _of_code(code: CodeFolder) -> Iterator[tuple[str, str]]:
    for path, oid in code.files.items():
        yield f"{code.path}/{path}".lstrip("/"), oid


def _of_data(source: DataSource, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    if not source.is_folder:
        yield source.path, source.oid or ""
        return
    for path, oid in snapshot.files_under(source.path).items():
        yield f"{source.path}/{path}", oid
