"""What of the outputs and runs that are kept is kept no longer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.runs import Run
from reconciler.model.upkeep import Retention


class Claim(StrEnum):
    """Why an output is there."""

    NEEDED = "needed"  # by what is current or under way
    CACHED = "cached"  # by an earlier run, which may be restored or whose results may be reused
    PRUNED = "pruned"  # by pipelines that are gone from Git alone
    UNNAMED = "unnamed"  # by nothing that is known


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """A content of the store; `used` is when a run wrote or read it last, seconds since the epoch."""

    digest: str
    size: int
    claim: Claim
    used: float


def superfluous_outputs(outputs: Iterable[StoredOutput], retention: Retention, now: float) -> list[StoredOutput]:
    """What is to be removed: what only pruned pipelines or nobody names, then the least recently used.

    What is needed is never among it, even where that alone is more than the limit.
    """
    known = list(outputs)
    gone = [each for each in known if each.claim in (Claim.PRUNED, Claim.UNNAMED)]
    cached = sorted((each for each in known if each.claim is Claim.CACHED), key=lambda each: (each.used, each.digest))
    total = sum(each.size for each in known) - sum(each.size for each in gone)
    for each in cached:
        if total <= retention.cache_bytes and now - each.used <= retention.cache_seconds:
            continue
        gone.append(each)
        total -= each.size
    return gone


def superfluous_runs(runs: Sequence[Run], retention: Retention, referred: Collection[str]) -> list[Run]:
    """The runs beyond the limit of their pipeline, the oldest first.

    Never the current one, one that is under way, one that another was restored from, or one that is referred to.

    Args:
        runs: all of them, the newest first.
        referred: the runs that made what is still known: results, models, data.
    """
    kept = set(referred)
    counted: dict[str, int] = {}
    with_current: set[str] = set()
    beyond: list[Run] = []
    for run in runs:
        counted[run.pipeline] = counted.get(run.pipeline, 0) + 1
        is_current = run.status.is_good and run.pipeline not in with_current
        if is_current:
            with_current.add(run.pipeline)
        if counted[run.pipeline] > retention.runs and run.ended is not None and not is_current:
            beyond.append(run)
        elif run.restored_from:
            kept.add(run.restored_from)
    return [run for run in reversed(beyond) if run.id not in kept]
