"""A record in a file, shared with steps that run as another user than the daemon."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

UMASK = 0o007
"""With it, what is made in a shared folder is its group's as well, and nobody else's."""


def share(folders: Iterable[Path], group: int) -> None:
    """Give folders and all that is in them to a group; what is made there later belongs to it too."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        for path, _, files in os.walk(folder):
            _give(Path(path), group, 0o2770)
            for name in files:
                _give(Path(path) / name, group, 0o660)


def _give(path: Path, group: int, mode: int) -> None:
    status = path.lstat()
    if path.is_symlink() or (status.st_gid == group and status.st_mode & mode == mode):
        return
    os.chown(path, -1, group)
    path.chmod(status.st_mode & 0o777 | mode)
