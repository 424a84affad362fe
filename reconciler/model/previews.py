"""Previews: what a pull request would train, run before it is merged and kept apart until then."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PIPELINE = re.compile(r"(.+)@pr-([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class AskedPreview:
    """A preview that somebody asks for.

    Attributes:
        number: of the pull request.
        commit: the head of it, which its `ref` in the repository that is followed leads to.
    """

    number: int
    commit: str
    ref: str
    by: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of an open pull request.

    Attributes:
        base: the newest commit that it shares with what is applied.
        since: seconds since the epoch.
    """

    source: str
    number: int
    commit: str
    base: str
    by: str
    since: float

    @property
    def name(self) -> str:
        """What its results are kept under."""
        return f"{self.source}/pr-{self.number}"

    @property
    def revision(self) -> str:
        return f"pr-{self.number}@sha1:{self.commit}"


def previewed_name(pipeline: str, number: int) -> str:
    """What the runs of a pipeline go by in a preview."""
    return f"{pipeline}@pr-{number}"


def of_preview(pipeline: str) -> tuple[str, int] | None:
    """The pipeline and the pull request that a run's name speaks of; None for one that is no preview."""
    matched = _PIPELINE.fullmatch(pipeline)
    return (matched[1], int(matched[2])) if matched else None
