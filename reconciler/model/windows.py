"""Times in which runs may not start, and such in which alone they may."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.model.schedules import Trigger

_ALL = ("*",)


@dataclass(frozen=True, slots=True)
class Window:
    """A time that comes again and again.

    Attributes:
        is_denying: whether nothing starts in it; else what it is for starts in such windows alone.
        opens: when it begins.
        seconds: how long it lasts; that is real time, also where clocks are put forward or back in it.
        sources: patterns of the names of those that it is for; so are `pipelines`.
    """

    is_denying: bool
    opens: Trigger
    seconds: float
    sources: tuple[str, ...] = _ALL
    pipelines: tuple[str, ...] = _ALL

    def is_for(self, source: str, pipeline: str) -> bool:
        return _matches(source, self.sources) and _matches(pipeline, self.pipelines)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
