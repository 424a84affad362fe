"""The version that a reference chooses, and why it is none of the higher ones."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from reconciler.model.references import LATEST
from reconciler.model.releases import Skipped
from reconciler.model.versions import highest_fitting, parse_range, parse_version, precedence, ranked

PRE_RELEASE = "skipped: pre-release"
OUTSIDE = "outside the range"


def explain(wanted: str, versions: Collection[str]) -> tuple[str | None, tuple[Skipped, ...]]:
    """The version that is chosen, and each higher one with what speaks against it, the highest first.

    `latest` is the highest that is no pre-release, or the highest pre-release where there is nothing else. Where no
    version fits, all of them are told.

    Args:
        versions: a frozen set saves the work of making one.

    Raises:
        InvalidRangeError: what is wanted is neither `latest` nor a range.
    """
    return _explained(wanted, frozenset(versions))


@lru_cache(maxsize=4096)
def _explained(wanted: str, versions: frozenset[str]) -> tuple[str | None, tuple[Skipped, ...]]:
    chosen = _latest(versions) if wanted == LATEST else highest_fitting(wanted, versions)
    limit = precedence(parse_version(chosen)) if chosen is not None else None
    higher = [(version, text) for version, text in ranked(versions) if limit is None or version > limit]
    if wanted == LATEST:
        return chosen, tuple(Skipped(text, PRE_RELEASE) for _, text in higher)
    wanted_range = parse_range(wanted)
    reasons = (PRE_RELEASE if wanted_range.spans(version) else OUTSIDE for version, _ in higher)
    return chosen, tuple(Skipped(text, why) for (_, text), why in zip(higher, reasons, strict=True))


def _latest(versions: frozenset[str]) -> str | None:
    highest_first = [text for _, text in ranked(versions)]
    released = (text for version, text in ranked(versions) if version[3])
    return next(released, next(iter(highest_first), None))
