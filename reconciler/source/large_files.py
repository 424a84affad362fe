"""Files in Git LFS: what Git holds of them is a pointer, which says what their content is."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceAwayError, SourceError
from reconciler.source.plumbing import Git
from reconciler.source.remote import Remote

LARGEST_POINTER: Final = 1024  # bytes; Git LFS takes nothing larger for one
_POINTER: Final = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n?"
)
_SOME: Final = "failed to fetch some objects"  # the others are here now
_ATTRIBUTES: Final = b"* filter=lfs diff=lfs merge=lfs -text\n"
_PERSON: Final = {f"GIT_{who}_{what}": "reconciler" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a file holds: the SHA-256 of its bytes, and how many there are."""

    sha256: str
    size: int


def pointer_in(blob: bytes) -> Pointer | None:
    """The pointer that a blob is, None where it is none."""
    matched = _POINTER.fullmatch(blob) if len(blob) <= LARGEST_POINTER else None
    return Pointer(matched[1].decode(), int(matched[2])) if matched else None


class LargeFiles:
    """The content of large files of one repository.

    Args:
        git: where the pointers are.
        folder: where Git LFS keeps content, by its SHA-256.
        remote: where it is fetched from; None where that is for somebody else to do.
    """

    def __init__(self, git: Git, folder: Path, remote: Remote | None = None) -> None:
        self._git = git
        self._folder = folder
        self._remote = remote

    @property
    def are_fetched(self) -> bool:
        """Whether what is missing can be fetched."""
        return self._remote is not None

    def path(self, pointer: Pointer) -> Path | None:
        """Where the content lies, None where it is not here."""
        sha256 = pointer.sha256
        path = self._folder / "objects" / sha256[:2] / sha256[2:4] / sha256
        return path if path.is_file() and path.stat().st_size == pointer.size else None

    def fetch(self, pointers: Mapping[str, Pointer]) -> None:
        """Fetch what is missing, all of it in one go.

        Args:
            pointers: by the ids of their blobs.

        Raises:
            SourceError: git-lfs is not installed, or the remote does not answer or has not got all of it.
        """
        missing = {oid: pointer for oid, pointer in pointers.items() if self.path(pointer) is None}
        if not missing or self._remote is None:
            return
        if shutil.which("git-lfs") is None:
            hint = "install git-lfs for the daemon, or take `lfs:` away"
            raise SourceError("files are in Git LFS, and git-lfs is not installed", place=self._remote.place, hint=hint)
        with tempfile.TemporaryDirectory(prefix="reconciler-lfs-") as scratch:
            try:
                self._fetch(Path(scratch), missing, self._remote)
            except SourceAwayError as error:
                if _SOME not in error.message:
                    raise
        lost = next((pointer for pointer in missing.values() if self.path(pointer) is None), None)
        if lost is not None:
            message = f"Git LFS there does not give the content sha256:{lost.sha256}"
            hint = "was it pushed, as by `git lfs push --all`? and does the token open it?"
            raise SourceAwayError(message, place=self._remote.place, hint=hint)

    def _fetch(self, scratch: Path, pointers: Iterable[str], remote: Remote) -> None:
        """Fetch what a commit points to that holds these alone, in a repository without anybody's settings."""
        made_with = self._git.run("rev-parse", "--show-object-format").decode().strip()
        Git(None).run("init", "--quiet", "--bare", f"--object-format={made_with}", "--", str(scratch))
        objects = self._git.run("rev-parse", "--git-path", "objects").decode().rstrip("\n")
        (scratch / "objects" / "info" / "alternates").write_text(f"{Path(objects).absolute()}\n", encoding="utf-8")
        git = Git(scratch, env=_PERSON)
        attributes = git.run("hash-object", "-w", "--stdin", input=_ATTRIBUTES).decode().strip()
        entries = [f"100644 blob {attributes}\t.gitattributes", *(f"100644 blob {oid}\t{oid}" for oid in pointers)]
        tree = git.run("mktree", input="".join(f"{entry}\n" for entry in entries).encode()).decode().strip()
        commit = git.run("commit-tree", "-m", "wanted", tree).decode().strip()
        git.run("update-ref", "refs/heads/wanted", commit)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Not with the command: where the remote is a folder, git-lfs would look for it there too.
        git.run("config", "lfs.storage", str(self._folder.absolute()))
        told = ("-c", f"remote.origin.url={remote.url}", "-c", "core.hooksPath=/dev/null")
        remote.ask("-C", str(scratch), *told, "lfs", "fetch", "origin", "refs/heads/wanted")
