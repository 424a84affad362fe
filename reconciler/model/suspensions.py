"""What somebody holds still: who, since when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SOURCE = "source"  # beside pipelines and schedules, which are kinds of manifest
IN_GIT = "suspended in its manifest"


@dataclass(frozen=True, slots=True)
class Suspension:
    """A source, a pipeline or a schedule that is held still by hand.

    Attributes:
        kind: `source`, `pipeline` or `schedule`.
        by: user and host.
        since: seconds since the epoch.
    """

    source: str
    kind: str
    name: str
    by: str
    since: float
    reason: str = ""

    @property
    def told(self) -> str:
        """All of it in a line."""
        since = datetime.fromtimestamp(self.since, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"suspended by {self.by} since {since}" + (f": {self.reason}" if self.reason else "")
