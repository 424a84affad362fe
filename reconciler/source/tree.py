"""Git trees as dictionaries of paths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set

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


def blobs_of(git: Git, oids: Iterable[str]) -> list[str]:
    """The blobs among objects, and those that the trees among them hold, each once; one git process for each tree.

    Raises:
        SourceError: git cannot read one of the trees.
    """
    asked = list(oids)
    if not asked:
        return []
    lines = "".join(f"{oid}\n" for oid in asked).encode()
    kinds = git.run("cat-file", "--batch-check=%(objecttype)", input=lines).decode().splitlines()
    found: dict[str, None] = {}
    for oid, kind in zip(asked, kinds, strict=True):
        if kind == "tree":
            listed = list_tree(git, oid).values()
            found.update((each.oid, None) for each in listed if each.kind in (EntryKind.FILE, EntryKind.LINK))
        else:
            found[oid] = None
    return list(found)


def ids_in(tree: bytes, names: Set[str], id_size: int) -> dict[str, str]:
    """The ids of some entries of a tree as git stores it, by their names.

    Args:
        id_size: the bytes of an id.
    """
    wanted = {os.fsencode(name): name for name in names}
    found: dict[str, str] = {}
    position = 0
    while position < len(tree) and len(found) < len(wanted):
        end = tree.index(b"\0", position)
        name = wanted.get(tree[tree.index(b" ", position) + 1 : end])
        position = end + 1 + id_size
        if name is not None:
            found[name] = tree[end + 1 : position].hex()
    return found


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
