"""Trees and commits that differ from others in the contents of a few files, made without a work tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import SourceError
from reconciler.source.plumbing import Git


@dataclass(frozen=True, slots=True)
class Author:
    """Who commits."""

    name: str
    email: str


def stage(git: Git, edits: Mapping[str, bytes], *, as_on_disk: bool) -> None:
    """Have files of the index hold other contents; their modes stay.

    Args:
        as_on_disk: the contents are those of a work tree, which git's filters and line ends apply to.

    Raises:
        SourceError: a path is no file of the index.
    """
    if not edits:
        return
    listing = git.run("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *edits)
    records = (record.partition("\t") for record in os.fsdecode(listing).split("\0") if record)
    modes = {path: about.split(" ")[0] for about, _, path in records}
    lines = []
    for path, content in edits.items():
        if path not in modes:
            raise SourceError("this is no file of the repository", place=path, hint="is it ignored by git?")
        way = f"--path={path}" if as_on_disk else "--no-filters"
        oid = git.run("hash-object", "-w", "--stdin", way, input=content).decode().strip()
        lines.append(f"{modes[path]} {oid}\t{path}\0")
    git.run("update-index", "-z", "--index-info", input=os.fsencode("".join(lines)))


def commit_edits(git: Git, parent: str, edits: Mapping[str, bytes], message: str, author: Author) -> str:
    """A commit on top of another one with other contents of files; that one itself where nothing differs.

    It is dated as its parent is, so that the same edits always make the same commit. No branch is moved.

    Raises:
        SourceError: git cannot read the parent, or a path is no file in it.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        indexed = Git(git.git_dir, env=env)
        indexed.run("read-tree", parent)
        stage(indexed, edits, as_on_disk=False)
        tree = indexed.run("write-tree", "--missing-ok").decode().strip()
    told = git.run("show", "--no-patch", "--format=%T %cd", "--date=raw", parent, "--").decode().strip()
    tree_before, _, date = told.partition(" ")
    if tree == tree_before:
        return parent
    person = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", date))
    }
    made = git.run("commit-tree", "-p", parent, "-F", "-", tree, input=message.encode(errors="replace"), env=person)
    return made.decode().strip()
