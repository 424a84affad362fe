"""Whether what somebody asks for in a pull request is done: nobody's code runs here because they say so alone."""

from __future__ import annotations

from reconciler.daemon.pull_requests.commands import Command, Verb
from reconciler.forges.base import Forge, PullRequest
from reconciler.forges.errors import TokenRefusedError
from reconciler.model.pull_requests import PreviewRules

_SHOWN = 12


def why_not(command: Command, pull: PullRequest, rules: PreviewRules, forge: Forge, is_isolated: bool) -> str:
    """Why a command is refused, "" where it is not.

    A fork's head is another's to move: it is run as the one that somebody has read and named, and as no other.

    Args:
        is_isolated: whether steps run where they cannot read what the daemon can.

    Raises:
        ForgeError: the forge does not say who may push.
    """
    try:
        is_allowed = _is_allowed(command.by, rules, forge)
    except TokenRefusedError:
        return "the daemon's token may not ask who may push: name users in `pull_requests: {previews: {allowed: []}}`"
    if not is_allowed:
        return f"{command.by} is not allowed to ask for that"
    if command.verb is Verb.CANCEL:
        return ""
    if command.commit and not pull.head_commit.startswith(command.commit):
        return f"the pull request is at {pull.head_commit[:_SHOWN]} by now"
    if pull.is_from_fork and not rules.includes_forks:
        return "the head is in a fork, and those are not run here"
    if pull.is_from_fork and not is_isolated:
        return "the head is in a fork, and steps run as the daemon's own user here, who can read its tokens"
    if pull.is_from_fork and not command.commit:
        return f"the head is in a fork: read it, then write `/reconciler run {pull.head_commit[:_SHOWN]}`"
    return ""


def _is_allowed(user: str, rules: PreviewRules, forge: Forge) -> bool:
    return forge.may_write(user) if rules.allowed is None else user in rules.allowed
