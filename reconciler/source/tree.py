"""Git trees as dictionaries of paths."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.snapshot import Entry, EntryKind
from reconciler.source.plumbing import Git

_KINDS = {
    "100644": (EntryKind.FILE, False),
    "100664": (EntryKind.FILE, False),  # written by very old versions of git
    "100755": (EntryKind.FILE, True),
    "040000": (EntryKind.TREE, False),
    "120000": (EntryKind.LINK, False),
    "160000": (EntryKind.SUBMODULE, False),
}


def list_tree(git: Git, tree: str) -> dict[str, Entry]:
    """Every path below a tree, folders included, in git's order.

    Raises:
        SourceError: there is no such tree.
    """
    return read_listing(git.run("ls-tree", "-r", "-t", "-z", "--full-tree", tree))


def read_listing(listed: bytes) -> dict[str, Entry]:
    """The paths that `git ls-tree -z` printed."""
    entries: dict[str, Entry] = {}
    for record in _text(listed).split("\0"):
        if record:
            about, _, path = record.partition("\t")
            mode, _, oid = about.split(" ")
            kind, is_executable = _KINDS[mode]
            entries[path] = Entry(oid, kind, is_executable)
    return entries


def update_tree(
    git: Git, entries: Mapping[str, Entry], old_tree: str, new_tree: str
) -> tuple[dict[str, Entry], frozenset[str]]:
    """The paths of `new_tree`, from those of `old_tree` and what differs between the two, which comes with them.

    Raises:
        SourceError: one of the trees is not there.
    """
    updated = dict(entries)
    if old_tree == new_tree:
        return updated, frozenset()
    listing = git.run(
        "diff-tree", "-r", "-t", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none", old_tree, new_tree
    )
    fields = iter(_text(listing).split("\0"))
    present: dict[str, Entry] = {}
    gone: list[str] = []
    for about in fields:
        if not about:
            break
        _, mode, _, oid, status = about.split(" ")
        path = next(fields)
        if status == "D":
            gone.append(path)
            updated.pop(path, None)
        else:
            kind, is_executable = _KINDS[mode]
            present[path] = Entry(oid, kind, is_executable)
    # Last, for where a file gives way to a folder its path is both removed and added.
    updated.update(present)
    return updated, frozenset((*present, *gone, ""))


def _text(listing: bytes) -> str:
    """Paths as Python's file functions take them, whatever bytes are in them."""
    return listing.decode(errors="surrogateescape")
