"""Files of a work tree with other contents: all of them, or none."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.model.errors import SourceError


def replace_contents(top: Path, contents: Mapping[str, bytes]) -> None:
    """Give files other contents; each is never seen half written and keeps its mode.

    Args:
        contents: by path from the top.

    Raises:
        SourceError: one of them cannot be written; then all are as they were.
    """
    written: dict[Path, Path] = {}
    replaced: dict[Path, bytes] = {}
    path = ""
    try:
        for path, content in contents.items():
            written[top / path] = _beside(top / path, content)
        for file, temporary in written.items():
            path = file.relative_to(top).as_posix()
            before = file.read_bytes()
            temporary.replace(file)
            replaced[file] = before
    except BaseException as error:
        for file, before in replaced.items():
            _beside(file, before).replace(file)
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            hint = "nothing was changed; may you write there, and is there room on the disk?"
            message = f"the file cannot be written: {error.strerror or error}"
            raise SourceError(message, place=path, hint=hint) from error
        raise


def _beside(file: Path, content: bytes) -> Path:
    """A new file in the same folder and of the same mode."""
    opened, name = tempfile.mkstemp(prefix=".reconciler-", dir=file.parent)
    try:
        with os.fdopen(opened, "wb") as temporary:
            temporary.write(content)
            os.fchmod(temporary.fileno(), stat.S_IMODE(file.stat().st_mode))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
