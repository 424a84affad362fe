"""`rollback --open-revert`: the revert as a commit on a branch, for somebody to merge."""

from __future__ import annotations

from reconciler.cli.output import say
from reconciler.cli.person import caller
from reconciler.cli.remembered import remembered
from reconciler.model.configuration import Configuration
from reconciler.model.errors import SourceError, UsageError
from reconciler.source.edited_trees import Author
from reconciler.source.mirror import Mirror
from reconciler.source.own_branch import OwnBranch
from reconciler.source.reverting import revert_to
from reconciler.state.sources import SourceState
from reconciler.state.store import State


def open_revert(
    state: State, source: SourceState, earlier: str, branch: str, reason: str, configuration: Configuration
) -> int:
    """Push a commit that puts an earlier one back to a branch of the source's repository; nothing is pinned.

    Raises:
        UsageError: the branch is the one that is followed.
        SourceError: the repository does not answer, or refuses the branch.
    """
    settings = remembered(source, configuration)
    if settings.followed.branch == branch:
        hint = "name another one, and merge it"
        raise UsageError(f"`{branch}` is followed, so that nobody would have looked at the revert", hint=hint)
    directory = state.folder.sources / f"{settings.name}.git"
    mirror = Mirror(settings.url, settings.branch, directory, settings.timeout, settings.access, settings.fetching)
    try:
        head = mirror.fetch()
        if head is None:
            raise SourceError(f"there is no {settings.followed.told}", place=settings.address)
        user, person = caller().partition("@")[0], caller()
        made = revert_to(mirror.git, head, earlier, reason, Author(user, person))
        if made == head:
            say(f"{settings.followed.told} holds exactly that already: there is nothing to revert")
            return 0
        is_pushed = OwnBranch(mirror, branch).bring(made, Author(user, person))
    except SourceError as error:
        may_not = "may you push to this branch? else name another one"
        raise SourceError(
            error.message, place=error.place, hint=may_not if error.place == settings.address else error.hint
        ) from error
    finally:
        mirror.close()
    told = "pushed" if is_pushed else "held already"
    say(f"{told}: branch {branch}, whose commit {made[:10]} puts {earlier[:10]} back; merge it to have it applied")
    return 0
