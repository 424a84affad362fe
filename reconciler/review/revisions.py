"""The two commits of a review: the head, and the last one that it shares with the base."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import SourceError, UsageError
from reconciler.model.snapshot import Difference, Snapshot
from reconciler.source.plumbing import Git
from reconciler.source.tree import list_tree, update_tree


@dataclass(frozen=True, slots=True)
class TwoRevisions:
    """What a repository holds before and after a change.

    Attributes:
        base: at the newest commit that both have in common, as a pull request is compared.
        head: listed from there, so that it is known what differs.
    """

    base: Snapshot
    head: Snapshot


def repository_at(path: Path) -> Git:
    """The repository that a path lies in, with its work tree or bare.

    Raises:
        UsageError: there is none.
    """
    folder = path if path.is_dir() else path.parent
    try:
        told = Git(None, folder=folder).run("rev-parse", "--absolute-git-dir").decode().strip()
    except SourceError as error:
        hint = "name a clone with --repository, or stand in one"
        raise UsageError("there is no Git repository here", place=str(path), hint=hint) from error
    return Git(Path(told))


def two_revisions(git: Git, base: str, head: str) -> TwoRevisions:
    """The snapshots of a head and of where it left the base.

    Raises:
        UsageError: one of the two is no commit, or they have none in common.
    """
    tip, named = _commit(git, base)
    head_commit, head_named = _commit(git, head)
    shared = _shared(git, tip, head_commit, base)
    base_tree, head_tree = git.run("rev-parse", f"{shared}^{{tree}}", f"{head_commit}^{{tree}}").decode().split()
    before = Snapshot(_revision(named, shared), shared, base_tree, list_tree(git, base_tree))
    entries, changed = update_tree(git, before.entries, base_tree, head_tree)
    difference = Difference(base_tree, changed)
    revision = _revision(head_named, head_commit)
    return TwoRevisions(before, Snapshot(revision, head_commit, head_tree, entries, difference))


def _shared(git: Git, base: str, head: str, named: str) -> str:
    if base == head:
        return base
    try:
        return git.run("merge-base", base, head).decode().split()[0]
    except (SourceError, IndexError) as error:
        message = f"the head and `{named}` have no commit in common here"
        hint = "is the clone whole? Fetch all of the history: `fetch-depth: 0`, or `git fetch --unshallow`"
        raise UsageError(message, place=str(git.git_dir), hint=hint) from error


def _commit(git: Git, named: str) -> tuple[str, str]:
    """The commit that a text means, and what it goes by: a branch that is only known of the remote is meant too."""
    for candidate in (named, f"origin/{named}"):
        try:
            commit = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
        except SourceError:
            continue
        return commit.decode().split()[-1], _branch(git, named)
    hint = "name a branch, a tag or a commit of this clone; `git fetch` brings those of the remote"
    raise UsageError(f"there is no commit `{named}`", place=str(git.git_dir), hint=hint)


def _branch(git: Git, named: str) -> str:
    """What stands before the commit in a revision; of a commit nothing does."""
    if named == "HEAD":
        try:
            return git.run("rev-parse", "--abbrev-ref", "HEAD").decode().strip()
        except SourceError:
            return named
    is_commit = len(named) >= 7 and all(each in "0123456789abcdef" for each in named)
    return "" if is_commit else named.removeprefix("refs/heads/").removeprefix("origin/")


def _revision(named: str, commit: str) -> str:
    return f"{named}@sha1:{commit}" if named else f"sha1:{commit}"
