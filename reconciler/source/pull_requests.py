"""The heads of pull requests, brought into a mirror beside what is followed."""

from __future__ import annotations

from reconciler.model.errors import SourceError
from reconciler.source.mirror import Mirror

_KEPT = "refs/previews"


def bring(mirror: Mirror, number: int, ref: str, commit: str) -> None:
    """Bring the head of a pull request here, and keep it.

    Args:
        ref: what leads to it in the repository that is followed, such as `refs/pull/12/head`.

    Raises:
        SourceError: the remote cannot be reached, or the ref leads to another commit by now.
    """
    kept = f"{_KEPT}/{number}"
    mirror.fetcher.refs(f"+{ref}:{kept}")
    there = mirror.git.run("rev-parse", f"{kept}^{{commit}}").decode().strip()
    if there != commit:
        message = f"pull request {number} is at {there[:12]} by now, and not at {commit[:12]}"
        raise SourceError(message, place=mirror.remote.place, hint="ask for its newest commit")


def let_go(mirror: Mirror, number: int) -> None:
    """Keep the head of a pull request no longer."""
    mirror.git.run("update-ref", "-d", f"{_KEPT}/{number}")


def shared_commit(mirror: Mirror, head: str, applied: str) -> str:
    """The newest commit that two have in common, where there are several any of them; "" where there is none."""
    try:
        return mirror.git.run("merge-base", head, applied).decode().strip()
    except SourceError:
        return ""
