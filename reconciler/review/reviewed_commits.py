"""Which commits of a clone a pull request is reviewed by."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.forges.base import PullRequest
from reconciler.model.errors import SourceError, UsageError
from reconciler.source.plumbing import Git


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Commits, or what leads to them.

    Attributes:
        head: of the pull request, or what it would be once it is merged.
        told: the head in words of the pull request, as a revision is told.
    """

    base: str
    head: str
    told: str


def reviewed_commits(git: Git, pull: PullRequest, base: str | None = None, head: str | None = None) -> Reviewed | None:
    """What to compare; None where the clone has another commit of the pull request than the forge by now.

    What a job has checked out may be the head itself or its merge into the base branch, which says more.

    Args:
        base: instead of the branch that it is to be merged into, as the remote has it.
        head: instead of what is checked out, and of the head where the clone has it.

    Raises:
        UsageError: a commit is not there.
    """
    told = f"{pull.head_branch}@sha1:{pull.head_commit}"
    based_on = base or _base_of(git, pull)
    for named in (head,) if head else ("HEAD", pull.head_commit):
        commit, *parents = _with_parents(git, named, must_be_there=head is not None)
        if commit == pull.head_commit:
            return Reviewed(based_on, named, told)
        if len(parents) > 1 and pull.head_commit in parents:
            return Reviewed(based_on, named, f"{told} merged into {pull.base_branch}")
    return None


def _base_of(git: Git, pull: PullRequest) -> str:
    """A branch of that name in the clone may be an old one; what the remote has is what is merged into."""
    for named in (f"origin/{pull.base_branch}", pull.base_branch, pull.base_commit):
        if named and _with_parents(git, named)[0]:
            return named
    hint = f"fetch it, `git fetch origin {pull.base_branch}`, or name another commit with --base"
    raise UsageError(f"the branch `{pull.base_branch}` is not here", place=str(git.git_dir), hint=hint)


def _with_parents(git: Git, named: str, must_be_there: bool = False) -> list[str]:
    """A commit and those right before it; [""] where it is not there.

    Raises:
        UsageError: it must be.
    """
    try:
        commit = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{named}^{{commit}}").decode().strip()
        return git.run("rev-list", "--parents", "--max-count=1", commit).decode().split()
    except SourceError as error:
        if must_be_there:
            hint = "name a branch, a tag or a commit of this clone"
            raise UsageError(f"there is no commit `{named}`", place=str(git.git_dir), hint=hint) from error
        return [""]
