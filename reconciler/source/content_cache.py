"""Content that was fetched, by digest: complete or absent, read-only."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PART = ".part-"


class ContentCache:
    """Files and folders under their digests; they appear by an atomic rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        return self._folder / digest.replace(":", "-")

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    @contextmanager
    def part(self) -> Iterator[Path]:
        """A place to write to; what is not kept is gone afterwards, and what a process that was killed left is too."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{_PART}*"):
            if not _is_alive(left.name.removeprefix(_PART).partition("-")[0]):
                _remove(left)
        part = self._folder / f"{_PART}{os.getpid()}-{uuid.uuid4().hex}"
        try:
            yield part
        finally:
            _remove(part)

    def keep(self, part: Path, digest: str) -> None:
        """Take over what was written."""
        target = self.path(digest)
        for path in part.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        part.chmod(0o755 if part.is_dir() else 0o444)  # a folder must be writable by its owner to be renamed
        try:
            part.rename(target)
        except OSError:
            if not target.exists():
                raise
            return
        if target.is_dir():
            target.chmod(0o555)


def _is_alive(process: str) -> bool:
    if not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(0o755)
    shutil.rmtree(path, ignore_errors=True)
