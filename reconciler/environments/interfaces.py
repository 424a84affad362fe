"""What manifests promise, read from Git and from this machine as far as that takes a look into files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.model.desired import Desired
from reconciler.model.errors import SourceAwayError, SourceError
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import DataAsset, Environment

if TYPE_CHECKING:
    from reconciler.planning.named_files import WantedFile

_ROUNDS = 60  # a file of requirements names the next


class BlobCopier(Protocol):
    """Hands over the content of blobs piece by piece."""

    def copy(self, oid: str, write: Callable[[bytes], object]) -> None: ...


def interfaces_of(manifests: Iterable[AnyManifest], desired: Desired, blobs: BlobCopier) -> dict[str, str]:
    """The interfaces of manifests as canonical JSON, by file; "" where nothing is known."""
    return {manifest.file: _interface(manifest, desired, blobs) for manifest in manifests}


def _interface(manifest: AnyManifest, desired: Desired, blobs: BlobCopier) -> str:
    # Imported only where versions are compared: a plan without tags and state does not need it.
    from reconciler.environments.interface_files import READERS
    from reconciler.planning.interfaces import files_of_interface, interface_of

    contents: dict[str, bytes] = {}
    if isinstance(manifest, Environment | DataAsset):
        for _ in range(_ROUNDS):
            wanted = files_of_interface(manifest, desired, READERS, contents)
            if not wanted:
                break
            contents |= {each.place: _beginning(each, blobs) for each in wanted}
    return interface_of(manifest, desired, READERS, contents)


def _beginning(wanted: WantedFile, blobs: BlobCopier) -> bytes:
    """As much of a file as is wanted; what cannot be read is empty.

    Raises:
        SourceAwayError: it is not here yet, and the remote does not give it.
    """
    try:
        if wanted.place.startswith("/"):
            with Path(wanted.place).open("rb") as file:
                return file.read(wanted.most)
        pieces: list[bytes] = []
        blobs.copy(wanted.place, lambda piece: pieces.append(piece) if _length(pieces) < wanted.most else None)
        return b"".join(pieces)[: wanted.most]
    except SourceAwayError:
        raise
    except (OSError, SourceError):
        return b""


def _length(pieces: list[bytes]) -> int:
    return sum(len(piece) for piece in pieces)
