"""Uncommitted trees: the same ids that a commit would give, with nothing written into the user's repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Snapshot
from reconciler.source.checked_out import beside, objects_of, seeing, with_checked_out
from reconciler.source.edited_trees import stage
from reconciler.source.large_files import LargeFiles
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.source.tags import Tags
from reconciler.source.tree import list_tree


@dataclass(frozen=True, slots=True)
class Worktree:
    """A work tree as it stands.

    Attributes:
        top: the repository's top folder, or the folder itself where it is in no repository.
        tags: those of the repository; none outside of one.
        prefix: the folder asked for, relative to the top; "" for the top.
        base: the commit that is checked out, None where there is none.
    """

    snapshot: Snapshot
    objects: Objects
    tags: Tags
    top: Path
    prefix: str
    base: str | None


def worktree_snapshot(
    folder: Path, scratch: Path, edits: Mapping[str, bytes] | None = None, is_committed: bool = False
) -> Worktree:
    """The snapshot of a folder's repository as it stands, ignored files left out.

    Args:
        folder: in a Git repository or not.
        scratch: an empty folder for the index and the new objects; it must outlive the result.
        edits: what files are taken to hold instead of what they do, by path from the top.
        is_committed: take the commit that is checked out instead, whatever the files hold.

    Raises:
        SourceError: git cannot read the folder.
    """
    found = _repository(folder)
    if found is None:
        return _outside_git(folder, scratch, edits or {})
    git_dir, top = found
    (scratch / "objects").mkdir()
    git = beside(git_dir, top, scratch)
    base, head_tree, branch = _head(Git(git_dir))
    tree = head_tree if is_committed and head_tree is not None else _write_tree(git, edits or {})
    is_clean = head_tree == tree
    grafted = with_checked_out(git, tree, top, scratch, is_committed)
    if grafted.stores:
        git, tree = seeing(git, list(grafted.stores)), grafted.tree
    revision = f"{branch}@sha1:{base}" if is_clean else f"worktree@sha1:{tree}"
    snapshot = Snapshot(revision, base if is_clean else None, tree, list_tree(git, tree))
    prefix = folder.relative_to(top).as_posix()
    large = LargeFiles(git, objects_of(git_dir).parent / "lfs")
    return Worktree(snapshot, Objects(git, large=large), Tags(git), top, "" if prefix == "." else prefix, base)


def remote_addresses(folder: Path) -> list[str]:
    """Where the repository that a folder belongs to fetches from; nothing outside of any."""
    try:
        told = Git(None, folder=folder).run("config", "--get-regexp", r"^remote\..*\.url$").decode()
    except SourceError:
        return []
    return [line.partition(" ")[2] for line in told.splitlines()]


def _outside_git(folder: Path, scratch: Path, edits: Mapping[str, bytes]) -> Worktree:
    git_dir = scratch / "git"
    Git(None, folder=folder).run("init", "--quiet", "--bare", str(git_dir))
    git = Git(git_dir, folder=folder, work_tree=folder, config={"core.bare": "false"})
    tree = _write_tree(git, edits)
    snapshot = Snapshot(f"worktree@sha1:{tree}", None, tree, list_tree(git, tree))
    return Worktree(snapshot, Objects(git), Tags(git), folder, "", None)


def _write_tree(git: Git, edits: Mapping[str, bytes]) -> str:
    git.run("add", "--all", ".")
    stage(git, edits, as_on_disk=True)
    return git.run("write-tree").decode().strip()


def _repository(folder: Path) -> tuple[Path, Path] | None:
    """The git directory and the top folder, None outside any repository."""
    try:
        told = Git(None, folder=folder).run("rev-parse", "--absolute-git-dir", "--show-toplevel").decode()
    except SourceError:
        return None
    git_dir, top = told.splitlines()[:2]
    return Path(git_dir), Path(top)


def _head(git: Git) -> tuple[str | None, str | None, str]:
    """Commit, tree and branch that are checked out; None before the first commit."""
    try:
        commit, tree = git.run("rev-parse", "HEAD", "HEAD^{tree}").decode().split()
        branch = git.run("rev-parse", "--abbrev-ref", "HEAD").decode().strip()
    except SourceError:
        return None, None, "HEAD"
    return commit, tree, branch
