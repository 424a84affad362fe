"""Which revisions of a pipeline wait for the run under way, and which of them are skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.pipelines import OnNewRevision
from reconciler.model.waiting_revisions import SkippedRevision, WaitingRevision

MOST_WAITING = 20
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Who waits, the first to run first, and who does so no more."""

    waiting: tuple[WaitingRevision, ...]
    skipped: tuple[SkippedRevision, ...] = ()


def joined(line: Sequence[WaitingRevision], newest: WaitingRevision, under_way: str, policy: OnNewRevision) -> Line:
    """The line once the newest revision has come.

    With `queue`, each that differs from the one before it waits, and the oldest makes room where there are too many.
    Else the newest alone does.

    Args:
        under_way: the closure that runs, "" where none does.
    """
    before = line[-1].closure if line else under_way
    if policy is OnNewRevision.QUEUE:
        if newest.closure == before:
            return Line(tuple(line))
        waiting = (*line, newest)
        too_many = waiting[: max(0, len(waiting) - MOST_WAITING)]
        why = f"{MOST_WAITING} revisions wait already"
        return Line(waiting[len(too_many) :], tuple(SkippedRevision(each, why, is_loss=True) for each in too_many))
    if newest.closure == under_way:
        return Line((), _overtaken(line, newest.revision))
    if line and newest.closure == before:
        return Line((line[-1],), _overtaken(line[:-1], newest.revision))
    return Line((newest,), _overtaken(line, newest.revision))


def overtaken(line: Sequence[WaitingRevision], closure: str, revision: str) -> Line:
    """The line once a revision runs, or has nothing to run: whoever waited for something else is skipped."""
    return Line((), _overtaken([each for each in line if each.closure != closure], revision))


def older(line: Sequence[WaitingRevision], closure: str) -> tuple[WaitingRevision, ...]:
    """Those that are to run before the newest revision, whose closure this is."""
    return tuple(line[:-1]) if line and line[-1].closure == closure else tuple(line)


def told(line: Sequence[WaitingRevision]) -> str:
    """Who waits, in words; "" where nobody does."""
    if not line:
        return ""
    full = ", the most there can be" if len(line) >= MOST_WAITING else ""
    more = f" and {len(line) - _NAMED} more" if line[_NAMED:] else ""
    named = ", ".join(_short(each.revision) for each in line[:_NAMED])
    count = "1 revision waits" if len(line) == 1 else f"{len(line)} revisions wait"
    return f"{count}{full}: {named}{more}"


def _overtaken(line: Sequence[WaitingRevision], by: str) -> tuple[SkippedRevision, ...]:
    return tuple(SkippedRevision(each, f"{by} came before it could start") for each in line)


def _short(revision: str) -> str:
    leading, _, commit = revision.rpartition("sha1:")
    return f"{leading}sha1:{commit[:10]}"
