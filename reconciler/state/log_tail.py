"""The end of a log, for messages."""

from __future__ import annotations

from pathlib import Path


def log_tail(log: Path, lines: int = 20, limit_bytes: int = 16_384) -> str:
    """The last lines of a log; what is no UTF-8 is replaced, a missing log is empty."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit_bytes))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
