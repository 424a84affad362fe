"""The files that a manifest names, of contents that are handed in, and which of them are still missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.kinds import AnyManifest
from reconciler.model.snapshot import Entry, EntryKind, Snapshot
from reconciler.planning.repository_paths import Unresolved, within_repository

DOCUMENT_BYTES = 5_000_000  # of a conda file, a Dockerfile, a file of requirements


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file that has to be read.

    Attributes:
        place: the id of a blob, or an absolute path of this machine.
        most: how many bytes from its beginning are enough.
    """

    place: str
    most: int


@dataclass(frozen=True, slots=True)
class Readers:
    """How the languages of files are read, of which planning knows nothing.

    Attributes:
        yaml: the first document as plain data, None where there is none.
        dockerfile: the image that its last stage builds on, "" where it cannot be told, and the commands of all stages.
    """

    yaml: Callable[[bytes], object]
    dockerfile: Callable[[str], tuple[str, Sequence[str]]]


class NamedFiles:
    """The files of one manifest.

    Args:
        contents: by blob id or path, cut or whole.
    """

    def __init__(self, manifest: AnyManifest, snapshot: Snapshot, contents: Mapping[str, bytes]) -> None:
        self._manifest = manifest
        self._snapshot = snapshot
        self._contents = contents
        self._wanted: dict[str, int] = {}

    @property
    def wanted(self) -> tuple[WantedFile, ...]:
        """What was asked for and is not among the contents."""
        return tuple(WantedFile(place, most) for place, most in self._wanted.items())

    def entry(self, path: str) -> tuple[str, Entry] | None:
        """What lies at a path from the manifest, with its path in the repository; None for nothing."""
        try:
            name = within_repository(self._manifest.file, path, ())
        except Unresolved:
            return None
        entry = self._snapshot.entry(name)
        return None if entry is None else (name, entry)

    def document(self, path: str) -> bytes | None:
        """A file by its path from the manifest, None where there is none; b"" where it is missing or too large."""
        named = self.entry(path)
        if named is None or named[1].kind is not EntryKind.FILE:
            return None
        content = self.beginning(named[1].oid, DOCUMENT_BYTES)
        return content if len(content) < DOCUMENT_BYTES else b""

    def beginning(self, place: str, most: int) -> bytes:
        """So many bytes of a file, b"" where it is missing."""
        content = self._contents.get(place)
        if content is None:
            self._wanted[place] = max(most, self._wanted.get(place, 0))
        return (content or b"")[:most]
