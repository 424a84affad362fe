"""An earlier revision that somebody holds something at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pin:
    """A source or a pipeline that stays at an earlier revision until somebody lets go of it.

    Attributes:
        kind: `source` or `pipeline`.
        run: the run of that revision, whose lock says what references meant then; "" for none.
        by: user and host.
        since: RFC 3339.
    """

    source: str
    kind: str
    name: str
    revision: str
    commit: str
    by: str
    since: str
    reason: str = ""
    run: str = ""

    @property
    def told(self) -> str:
        """All of it in a line."""
        branch, _, commit = self.revision.rpartition("sha1:")
        told = f"pinned to {branch}sha1:{commit[:10]} by {self.by} since {self.since}"
        return told + (f": {self.reason}" if self.reason else "")
