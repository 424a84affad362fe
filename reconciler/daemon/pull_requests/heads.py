"""The heads of pull requests: what leads to them at each forge, and how they come into the mirror of their source."""

from __future__ import annotations

import re

from reconciler.forges.base import PullRequest
from reconciler.forges.kinds import ForgeKind
from reconciler.model.errors import SourceError
from reconciler.source.mirror import Mirror

_KEPT = "refs/reviewed"
_BRANCH = re.compile(r"[^\s:~^?*\[\\]+")  # whatever a forge says, it is one ref and no pattern of several


def ref_of(pull: PullRequest, kind: ForgeKind) -> str:
    """The ref of the repository that leads to the head, "" where there is none."""
    match kind:
        case ForgeKind.GITHUB | ForgeKind.GITEA:
            return f"refs/pull/{pull.number}/head"
        case ForgeKind.GITLAB:
            return f"refs/merge-requests/{pull.number}/head"
        case ForgeKind.BITBUCKET:
            is_there = not pull.is_from_fork and _BRANCH.fullmatch(pull.head_branch)
            return f"refs/heads/{pull.head_branch}" if is_there else ""


def bring(mirror: Mirror, pull: PullRequest, ref: str) -> None:
    """Bring the head of a pull request into the mirror, and keep it while it is reviewed.

    Raises:
        SourceError: the remote cannot be reached, or the ref leads to another commit by now.
    """
    kept = f"{_KEPT}/{pull.number}"
    if _leads_to(mirror, kept) == pull.head_commit:
        return
    mirror.fetcher.refs(f"+{ref}:{kept}")
    there = _leads_to(mirror, kept)
    if there != pull.head_commit:
        message = f"pull request {pull.number} is at {there[:12]}, and not at {pull.head_commit[:12]}"
        raise SourceError(message, place=mirror.remote.place, hint="the next look finds it at one of both")


def let_go(mirror: Mirror, number: int) -> None:
    """Keep the head of a pull request no longer."""
    mirror.git.run("update-ref", "-d", f"{_KEPT}/{number}")


def _leads_to(mirror: Mirror, ref: str) -> str:
    """The commit that a ref of the mirror leads to, "" where there is no such ref."""
    return mirror.git.run("for-each-ref", "--format=%(objectname)", ref).decode().strip()
