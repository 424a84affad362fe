"""Moments as people write and read them."""

from __future__ import annotations

import re
import time
from datetime import datetime

from reconciler.model.errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def moment_since(text: str, now: float) -> float:
    """The moment that `1h30m` ago means, or that a time such as `2026-01-31T06:00:00Z` is.

    Raises:
        UsageError: it is neither.
    """
    if _DURATION.fullmatch(text):
        return now - sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        hint = "write how long ago, as 90s, 15m, 1h30m or 2d, or a time, as 2026-01-31T06:00:00Z"
        raise UsageError(f"`{text}` is no time", hint=hint) from error


def local_time(moment: float) -> str:
    """A moment in the time zone of who reads it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
