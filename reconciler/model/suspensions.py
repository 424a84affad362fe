"""What somebody holds still: who, since when and why."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "source"  # beside pipelines and schedules, which are kinds of manifest
IN_GIT = "suspended in its manifest"


@dataclass(frozen=True, slots=True)
class Suspension:
    """A source, a pipeline or a schedule that is held still by hand.

    Attributes:
        kind: `source`, `pipeline` or `schedule`.
        by: user and host.
        since: RFC 3339.
    """

    source: str
    kind: str
    name: str
    by: str
    since: str
    reason: str = ""

    @property
    def told(self) -> str:
        """All of it in a line."""
        return f"suspended by {self.by} since {self.since}" + (f": {self.reason}" if self.reason else "")
