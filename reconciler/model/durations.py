"""Lengths of time as people write them: `90s`, `10m`, `24h`, `30d`, or a number of seconds."""

from __future__ import annotations

import re

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_LENGTH = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d|w)?")


def parse_duration(written: str | float) -> float:
    """Seconds.

    Raises:
        ValueError: the text is not a length of time.
    """
    matched = _LENGTH.fullmatch(str(written).strip())
    if matched is None:
        raise ValueError(f"`{written}` is not a length of time")
    return float(matched[1]) * _SECONDS[matched[2] or ""]
