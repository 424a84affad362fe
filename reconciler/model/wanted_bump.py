"""How far a release raises versions, as a person says it."""

from __future__ import annotations

from enum import StrEnum


class WantedBump(StrEnum):
    """As far as is required, at least so far, or to a pre-release of what is required."""

    AUTO = "auto"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    PRE = "pre"
