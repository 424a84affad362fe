"""Data outside the repository: files and folders that manifests name by absolute path, where it is allowed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from reconciler.model.data_paths import OnDisk
from reconciler.model.desired import Desired
from reconciler.source.named_data import named_data


class DigestCache(Protocol):
    """Digests of files by path, valid as long as size, time and inode stay the same."""

    def local_digest(self, path: str, stamp: str) -> str | None: ...

    def keep_local_digest(self, path: str, stamp: str, digest: str) -> None: ...


def with_local_data(desired: Desired, roots: Sequence[str], cache: DigestCache) -> Desired:
    """The desired state with the digests of the local data that it names, as far as they lie below the roots."""
    if not roots:
        return desired
    digests: dict[str, str] = {}
    for named in dict.fromkeys(each.place.path for each in named_data(desired) if isinstance(each.place, OnDisk)):
        path = Path(named).resolve()
        if (path.is_file() or path.is_dir()) and any(path.is_relative_to(Path(root).resolve()) for root in roots):
            digests[named] = local_digest(path, cache)
    return replace(desired, local_data=digests) if digests else desired


def local_digest(path: Path, cache: DigestCache) -> str:
    """The digest of a file or folder as it stands; of a file that did not change since it was read, from the cache."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        listed = "\0".join(f"{file.relative_to(path)}\0{_file_digest(file, cache)}" for file in files)
        return f"sha256:{hashlib.sha256(os.fsencode(listed)).hexdigest()}"
    return f"sha256:{_file_digest(path, cache)}"


def _file_digest(path: Path, cache: DigestCache) -> str:
    status = path.stat()
    stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
    known = cache.local_digest(str(path), stamp)
    if known is None:
        with path.open("rb") as file:
            known = hashlib.file_digest(file, "sha256").hexdigest()
        cache.keep_local_digest(str(path), stamp, known)
    return known
