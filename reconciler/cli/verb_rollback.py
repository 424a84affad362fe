"""`rollback` and `unpin`: hold a source or a pipeline at an earlier revision, and let go of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from reconciler.cli import pinning
from reconciler.cli.open_revert import open_revert
from reconciler.cli.person import caller
from reconciler.cli.whereabouts import Server, Where, act
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.suspensions import SOURCE
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class RollbackWish:
    """Where something is to be held.

    Attributes:
        revision: a commit, None for the one before the present.
        source: whose pipeline is meant, None where only one has it.
        branch: to have the revert committed to it instead.
    """

    revision: str | None = None
    reason: str = ""
    source: str | None = None
    branch: str | None = None


def rollback(target: str, wish: RollbackWish, where: Where, configuration: Configuration) -> int:
    """Hold something at an earlier revision.

    Raises:
        UsageError: there is no such thing, or no such revision of it.
    """
    if wish.branch is not None:
        if isinstance(where, Server):
            hint = "run it on the machine of the daemon, or `git revert` in a clone"
            raise UsageError("--open-revert needs the repository, which a server does not hand out", hint=hint)
        return _reverted(target, wish, wish.branch, where, configuration)
    body = {"revision": wish.revision, "reason": wish.reason, "source": wish.source}
    return act(
        where,
        ("rollback", *_path(target)),
        body,
        lambda state: pinning.pin(state, target, wish.revision, wish.source, wish.reason, caller(), time.time()),
    )


def unpin(target: str, source: str | None, where: Where) -> int:
    """Let go of what is pinned; what Git says counts again.

    Raises:
        UsageError: there is no such thing.
    """
    return act(
        where,
        ("unpin", *_path(target)),
        {"source": source},
        lambda state: pinning.unpin(state, target, source, caller(), time.time()),
    )


def _path(target: str) -> tuple[str, ...]:
    """A target as the API has it: `any/NAME` where its kind is not told."""
    kind, name = pinning.kind_and_name(target)
    return kind or pinning.ANY, name


def _reverted(target: str, wish: RollbackWish, branch: str, folder: StateFolder, configuration: Configuration) -> int:
    state = State(folder)
    try:
        resource = pinning.pinnable(state, target, wish.source)
        if resource.kind != SOURCE:
            hint = (
                f"revert the source: `reconciler rollback {SOURCE}/{resource.source} REVISION --open-revert {branch}`"
            )
            raise UsageError("a revert is one of all that its revision holds, not of one pipeline", hint=hint)
        earlier = pinning.earlier_revision(state, resource, wish.revision)
        source = state.sources.get(resource.source)
        if source is None:
            raise UsageError(f"source {resource.source} is followed no more", hint="see `reconciler get sources`")
        return open_revert(state, source, earlier.commit, branch, " ".join(wish.reason.split()), configuration)
    finally:
        state.close()
