"""Files that a configuration names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler.model.errors import UsageError
from reconciler.model.problems import Pointer


def readable_file(
    written: Mapping[str, Any], key: str, pointer: Pointer, error: Callable[[str, str, Pointer], UsageError]
) -> str:
    """The path of a file that is there, "" where none is named.

    Args:
        pointer: where `written` stands.
        error: makes a complaint of a message and a hint, with its place.

    Raises:
        UsageError: it cannot be read.
    """
    if key not in written:
        return ""
    path = Path(written[key]).expanduser().absolute()
    try:
        with path.open("rb"):
            return str(path)
    except OSError as cause:
        message = f"`{written[key]}` cannot be read: {(cause.strerror or str(cause)).lower()}"
        raise error(message, f"mend `{key}:`", (*pointer, key)) from cause
