"""The store of outputs: files and folders under the digest of their content, read-only, complete or absent."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from reconciler.model.errors import StepError


class Outputs:
    """Contents by digest. What is in the store is whole: it appears by an atomic rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def has(self, digest: str) -> bool:
        return os.path.lexists(self.path(digest))

    def store(self, path: Path) -> str:
        """Take over a step's output, a file or a folder, and return the digest of its content.

        Raises:
            StepError: it is a symbolic link, or holds one that leads out of it, or a device.
        """
        digest = digest_of_path(path)
        self.take(path, digest)
        return digest

    def take(self, path: Path, digest: str) -> None:
        """Move a content to where its digest says: at any instant it is at one of the two places, and whole."""
        target = self.path(digest)
        if self.has(digest):
            remove(path)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _make_read_only(path)
        if path.is_dir():
            path.chmod(0o755)  # a folder must be writable by its owner to be renamed
        try:
            path.rename(target)
        except OSError:
            if not self.has(digest):
                raise
            remove(path)
        if target.is_dir():
            target.chmod(0o555)

    def all(self) -> Iterator[tuple[str, Path]]:
        """The digests of all contents with where they lie."""
        for shard in sorted(self._folder.iterdir()):
            if shard.is_dir():
                yield from ((path.name, path) for path in sorted(shard.iterdir()) if not path.name.startswith("."))

    def discard(self, digest: str) -> None:
        """Remove a content: at once for all who look, then bit by bit."""
        path = self.path(digest)
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
        leaving = path.parent / f".{digest[:8]}-{uuid.uuid4().hex}"
        path.rename(leaving)
        remove(leaving)

    def remove_unfinished(self, before: float) -> None:
        """Remove what a process that was killed left of contents that it was storing or removing."""
        for path in self._folder.glob("*/.*"):
            if path.lstat().st_ctime < before:
                remove(path)

    def set_aside(self, digest: str, folder: Path) -> Path:
        """Take a content that is not what its digest says out of the store, for somebody to look at."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{digest}-{uuid.uuid4().hex[:8]}"
        path = self.path(digest)
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
        path.rename(target)
        return target


def digest_of_path(path: Path) -> str:
    """SHA-256 of a file's bytes, or of a folder's sorted paths with the digests of their files.

    Raises:
        StepError: a symbolic link leads out of the folder, or something is neither file nor folder.
    """
    if path.is_symlink():
        raise StepError("the output is a symbolic link", place=path.name, hint="write the content itself")
    if not path.is_dir():
        return _entry_digest(path, path)
    digest = hashlib.sha256(b"folder\0")
    for folder, folders, files in os.walk(path):
        folders.sort()
        digest.update(os.fsencode(f"d {os.path.relpath(folder, path)}\0"))
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted([*files, *links]):
            digest.update(os.fsencode(f"f {name}\0{_entry_digest(Path(folder) / name, path)}\0"))
    return digest.hexdigest()


def _entry_digest(path: Path, root: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        if not _stays_within(path, root):
            hint = "write the content itself"
            raise StepError(f"the output holds a link that leads out of it: {path.name}", place=root.name, hint=hint)
        return f"link {path.readlink()}"
    if not stat.S_ISREG(mode):
        hint = "write files and folders only"
        raise StepError(f"the output holds `{path.name}`, which is no file", place=root.name, hint=hint)
    return _digest_of_file(path)


def _stays_within(link: Path, root: Path) -> bool:
    """Whether a link leads to something within a folder, also once the folder lies elsewhere."""
    target = link.readlink()
    written = Path(os.path.normpath(link.parent.relative_to(root) / target))
    if written.is_absolute() or written.parts[:1] == ("..",):
        return False
    return Path(os.path.realpath(link)).is_relative_to(os.path.realpath(root))


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_read_only(path: Path) -> None:
    if not path.is_dir():
        path.chmod(0o444)
        return
    for folder, _, files in os.walk(path):
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():
                file.chmod(0o444 | (file.stat().st_mode & 0o111))
        Path(folder).chmod(0o555)


def size_of(path: Path) -> int:
    """The bytes of a file or of all that a folder holds."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    return sum((Path(folder) / name).lstat().st_size for folder, _, files in os.walk(path) for name in files)


def remove(path: Path) -> None:
    """Remove a file or a folder, read-only ones too; nothing where there is none."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        with suppress(FileNotFoundError):  # somebody else removes it as well
            Path(folder).chmod(0o755)
    shutil.rmtree(path, ignore_errors=True)
