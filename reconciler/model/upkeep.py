"""What the operator wants kept in order by itself: how often it is looked at, and how much stays."""

from __future__ import annotations

from dataclasses import dataclass, field

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept of what nothing needs at the moment.

    Attributes:
        cache_bytes: of outputs of steps, those that are needed included.
        cache_seconds: after which an output goes that nobody has used.
        runs: of each pipeline.
        logs_seconds: after which the logs of runs and builds go.
    """

    cache_bytes: int = 50 << 30
    cache_seconds: float = 90 * _DAY
    runs: int = 100
    logs_seconds: float = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How the daemon keeps things as they should be.

    Attributes:
        drift_seconds: between two looks for what differs with no new commit.
        verify_seconds: after which the content of an output is compared with its digest again.
        heals_itself: whether what differs is mended; else it is only told.
        max_prune: the part of a source's resources that one revision may take away without anybody confirming it.
    """

    drift_seconds: float = 600.0
    verify_seconds: float = _DAY
    heals_itself: bool = True
    max_prune: float = 0.5
    retention: Retention = field(default_factory=Retention)
