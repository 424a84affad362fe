"""Build contexts as archives: what `.dockerignore` leaves of a folder, with times and owners that say nothing."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO

_IGNORE = ".dockerignore"
_FILE, _PROGRAM = 0o644, 0o755


def write_context(
    archive: IO[bytes], folder: Path | None, extra: Mapping[str, bytes | Path], dockerfile: str = "Dockerfile"
) -> None:
    """Write a folder and files beside it as a tar archive, ready to be read.

    Equal content gives an equal archive, so that an engine's cache of layers is of use.

    Args:
        extra: files by their names in the archive: their content, or the program that is to be put there.
        dockerfile: its path in the folder; what it alone ignores may stand in `<dockerfile>.dockerignore`.
    """
    with tarfile.open(mode="w", fileobj=archive) as tar:
        for name in _left_of(folder, dockerfile) if folder else ():
            if name not in extra:
                _add(tar, name, (folder or Path()) / name)
        for name, content in extra.items():
            _add_file(tar, name, content)
    archive.seek(0)


def _left_of(folder: Path, dockerfile: str) -> list[str]:
    """The paths below a folder that are not ignored."""
    from docker.utils.build import exclude_paths

    own = folder / f"{dockerfile}{_IGNORE}"
    ignore = own if own.is_file() else folder / _IGNORE
    patterns: list[str] = []
    if ignore.is_file():
        lines = ignore.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        patterns = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return sorted(exclude_paths(str(folder), patterns))


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    entry = _plain(tar.gettarinfo(str(path), arcname=name))
    if not entry.isfile():
        tar.addfile(entry)
        return
    with path.open("rb") as file:
        tar.addfile(entry, file)


def _add_file(tar: tarfile.TarFile, name: str, content: bytes | Path) -> None:
    if isinstance(content, Path):
        _add(tar, name, content.resolve())
        return
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(_plain(entry), BytesIO(content))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """As a checkout by git would have it: exported trees are read-only."""
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
    entry.mode = _PROGRAM if entry.isdir() or entry.mode & 0o100 else _FILE
    return entry
