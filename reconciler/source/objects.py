"""The content of a repository by object id, read through one git process that stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Entry, EntryKind
from reconciler.source import export
from reconciler.source.fetching import Fetcher
from reconciler.source.large_files import LARGEST_POINTER, LargeFiles, Pointer, pointer_in
from reconciler.source.object_reader import MissingObjectError, ObjectReader
from reconciler.source.plumbing import Git
from reconciler.source.tree import blobs_of

_PIECE: Final = 1 << 20


class Objects:
    """Reads objects; safe to use from several threads.

    The process starts with the first reading and again whenever it has died; `close` ends it.

    Args:
        fetcher: brings what is missing here; None where that is for nobody to do.
        large: has the content of files in Git LFS; None where nothing is known of them.
    """

    def __init__(self, git: Git, fetcher: Fetcher | None = None, large: LargeFiles | None = None) -> None:
        self._git = git
        self._fetcher = fetcher
        self._large = large
        self._whole: set[str] = set()
        self._reader = ObjectReader(git)

    def read(self, oid: str, limit: int | None = None) -> bytes:
        """The content of one object.

        Raises:
            SourceError: there is no such object, or it has more than `limit` bytes.
        """
        return self.read_many([oid], limit)[oid]

    def read_many(self, oids: Iterable[str], limit: int | None = None) -> dict[str, bytes]:
        """The content of many objects by their ids.

        Raises:
            SourceError: one of them is not there, or has more than `limit` bytes.
        """
        asked = list(dict.fromkeys(oids))
        try:
            return self._reader.read(asked, limit)
        except MissingObjectError:
            if self._fetcher is None:
                raise
            self._fetcher.content(asked)
            return self._reader.read(asked, limit)

    def copy(self, oid: str, write: Callable[[bytes], object]) -> None:
        """Hand over the content of one object piece by piece, for what may be larger than memory.

        Raises:
            SourceError: there is no such object.
        """
        try:
            self._reader.copy(oid, write)
        except MissingObjectError:
            if self._fetcher is None:
                raise
            self._fetcher.content([oid])
            self._reader.copy(oid, write)

    def copy_content(self, oid: str, write: Callable[[bytes], object]) -> None:
        """As `copy`, but of a file in Git LFS the content itself.

        Raises:
            SourceError: there is no such object, or its content is not here.
        """
        beginning = bytearray()

        def written(piece: bytes) -> None:
            if beginning or len(piece) > LARGEST_POINTER or pointer_in(piece) is None:
                write(piece)
            beginning.extend(piece[: LARGEST_POINTER + 1 - len(beginning)])

        self.copy(oid, written)
        pointer = pointer_in(bytes(beginning))
        if pointer is None:
            return
        path = self._large.path(pointer) if self._large is not None else None
        if path is None:
            message = f"the file {oid} is in Git LFS, and its content is not here"
            hint = "`lfs: true` of the source has the daemon fetch it; `git lfs pull` does in a work tree"
            raise SourceError(message, place=str(self._git.git_dir), hint=hint)
        with path.open("rb") as file:
            while content := file.read(_PIECE):
                write(content)

    def bring(self, oids: Iterable[str]) -> None:
        """Have blobs, and all that trees hold, come here in one go, as far as they are missing.

        Raises:
            SourceError: a tree is not here, or what is missing does not come.
        """
        is_fetched = self._fetcher is not None and self._fetcher.is_blobless
        is_large = self._large is not None and self._large.are_fetched
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self._whole] if is_fetched or is_large else []
        if not wanted:
            return
        blobs = blobs_of(self._git, wanted)
        if self._fetcher is not None:
            self._fetcher.content(blobs)
        if self._large is not None and is_large:
            self._large.fetch(self._pointers(blobs))
        self._whole.update(wanted)

    def absent(self, oids: Iterable[str]) -> dict[str, Pointer]:
        """Those of the blobs that point to content in Git LFS which is not here.

        Raises:
            SourceError: git cannot read the repository.
        """
        found = self._pointers(list(dict.fromkeys(oids)))
        return {oid: each for oid, each in found.items() if self._large is None or self._large.path(each) is None}

    def _pointers(self, blobs: Sequence[str]) -> dict[str, Pointer]:
        if not blobs:
            return {}
        lines = "".join(f"{oid}\n" for oid in blobs).encode()
        sizes = self._git.run("cat-file", "--batch-check=%(objectsize)", input=lines).splitlines()
        small = [oid for oid, size in zip(blobs, sizes, strict=True) if size.isdigit() and int(size) <= LARGEST_POINTER]
        read = self.read_many(small)
        return {oid: pointer for oid in small if (pointer := pointer_in(read[oid])) is not None}

    def export_tree(self, tree_oid: str, destination: Path) -> None:
        """Write the files of a tree into a new folder; a destination that exists is left as it is.

        Files are read-only, executables keep their bit, submodules are left out; all of it appears at once.

        Raises:
            SourceError: the tree is not there, or a path or link in it leads out of it.
        """
        if not destination.exists():
            self.bring([tree_oid])
            export.tree(self._git, self, tree_oid, destination)

    def export_entries(self, entries: Mapping[str, Entry], destination: Path) -> None:
        """Write files of several trees into a new folder, as `export_tree` does; each folder comes before its content.

        Raises:
            SourceError: an object is not there, or a path or link leads out of the folder.
        """
        if not destination.exists():
            self.bring(entry.oid for entry in entries.values() if entry.kind in (EntryKind.FILE, EntryKind.LINK))
            export.entries(self, entries, destination)

    def export_file(self, blob_oid: str, destination: Path) -> None:
        """Write a blob into a new read-only file; a destination that exists is left as it is.

        Raises:
            SourceError: there is no such object.
        """
        export.file(self, blob_oid, destination)

    def close(self) -> None:
        """End the git process; reading again starts another."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
