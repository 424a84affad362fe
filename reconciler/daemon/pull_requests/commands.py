"""What comments ask for: `/reconciler run` and `/reconciler cancel`, each a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from reconciler.forges.base import Comment

_COMMAND = re.compile(r"/reconciler[ \t]+(run|cancel)(?:[ \t]+([0-9a-f]{7,64}))?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_OURS = re.compile(r"\s*(?:<!--|\[//\]: # \()\s*reconciler:")
_STALE_SECONDS = 86_400.0


class Verb(StrEnum):
    RUN = "run"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Command:
    """What a comment asks for.

    Attributes:
        by: as in `Comment.author`.
        commit: the start of the one that is meant, "" for the newest.
    """

    verb: Verb
    by: str
    commit: str = ""


def commands_in(comments: Iterable[Comment], heard: int, now: float) -> list[Command]:
    """What comments ask for that were not looked at, in the order in which they were written.

    What was written longer ago than a day asks for nothing any more: it was done, or is forgotten.

    Args:
        heard: the newest comment that was looked at.
        now: seconds since the epoch.
    """
    fresh = [each for each in comments if each.id > heard and now - each.created < _STALE_SECONDS]
    return [command for each in sorted(fresh, key=lambda each: each.id) for command in _of(each)]


def _of(comment: Comment) -> Iterator[Command]:
    """The commands of a comment; what we wrote ourselves asks for nothing, nor does what is quoted as code."""
    if _OURS.match(comment.body) or not comment.author:
        return
    fence = ""
    for line in comment.body.splitlines():
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened[1]
        elif opened and opened[1].startswith(fence):
            fence = ""
        found = _COMMAND.fullmatch(line) if not fence else None
        if found:
            yield Command(Verb(found[1]), comment.author, found[2] or "")
