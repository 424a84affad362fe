"""Data at URLs: known by what its store calls it by, else by its bytes; fetched once, and kept by digest."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from reconciler.model.configuration import DataSettings
from reconciler.model.data_paths import TABLE_FILE, RemoteData, RemoteTrouble, redacted_url
from reconciler.model.errors import StepError
from reconciler.model.problems import Code
from reconciler.source.content_cache import ContentCache
from reconciler.source.local_data import DigestCache
from reconciler.source.remote_identity import folder_digest, identity, size_of, stamp
from reconciler.source.remote_trouble import trouble_of
from reconciler.source.stores import AbandonedError, CutOffError, Info, Stores, TooLargeError
from reconciler.source.url_rules import UrlRules

log = logging.getLogger("reconciler")

_AT_ONCE = 8
_MEMORY_SECONDS = 30.0
_QUIET_SECONDS = 1.0
_FETCH_SECONDS = 6 * 3600.0
_MOST_FILES = 100_000


class KnownData(DigestCache, Protocol):
    """What was known of URLs when they were last looked up, and digests of bytes by URL."""

    def remote_data(self, url: str) -> RemoteData | None: ...

    def keep_remote_data(self, url: str, data: RemoteData) -> None: ...


class RemoteStore:
    """Looks URLs up and fetches what lies there.

    Args:
        folder: where fetched content is kept.
        is_work_tree: see `UrlRules`.
        tell: is told when looking up takes a while.
    """

    def __init__(
        self,
        folder: Path,
        known: KnownData,
        settings: DataSettings | None = None,
        is_work_tree: bool = True,
        tell: Callable[[str], None] = log.info,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._contents = ContentCache(folder)
        self._known = known
        self._settings = settings or DataSettings()
        self._rules = UrlRules(self._settings.urls, is_work_tree)
        self._stores = Stores(self._rules, self._settings.timeout_seconds)
        self._tell = tell
        self._clock = clock
        self._memory: dict[str, tuple[float, RemoteData | RemoteTrouble]] = {}
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}

    def abandon(self) -> None:
        """End what is being fetched: the program is about to end."""
        self._stores.abandon()

    def forget(self) -> None:
        """Ask the stores next time, however short ago they were asked."""
        with self._lock:
            self._memory.clear()

    def look_up(self, urls: Sequence[str]) -> Mapping[str, RemoteData | RemoteTrouble]:
        """What lies at URLs, or why that is not known; all at once, and those asked a moment ago not again."""
        found: dict[str, RemoteData | RemoteTrouble] = {}
        with self._lock:
            for url in urls:
                at, data = self._memory.get(url, (-_MEMORY_SECONDS, None))
                if data is not None and self._clock() - at < _MEMORY_SECONDS:
                    found[url] = data
        asked = [url for url in urls if url not in found]
        if asked:
            found.update(self._ask(asked))
        return found

    def _ask(self, urls: Sequence[str]) -> dict[str, RemoteData | RemoteTrouble]:
        with ThreadPoolExecutor(min(_AT_ONCE, len(urls)), thread_name_prefix="data") as pool:
            asked = {url: pool.submit(self._look_up, url) for url in urls}
            if wait(asked.values(), timeout=_QUIET_SECONDS).not_done:
                one = f"data at {redacted_url(urls[0])}" if len(urls) == 1 else f"data at {len(urls)} URLs"
                self._tell(f"looking up {one}")
            found = {url: future.result() for url, future in asked.items()}
        now = self._clock()
        with self._lock:
            self._memory.update({url: (now, data) for url, data in found.items() if isinstance(data, RemoteData)})
        return found

    def _look_up(self, url: str) -> RemoteData | RemoteTrouble:
        refusal = self._rules.refusal(url)
        if refusal is not None:
            return RemoteTrouble(Code.OUTSIDE_REPOSITORY, *refusal)
        try:
            data = self._data(url)
        except Exception as error:  # whatever the packages that speak to stores raise
            log.debug("looking up %s", redacted_url(url), exc_info=True)
            trouble = trouble_of(url, error, self._settings.max_bytes)
            before = self._known.remote_data(url) if trouble.code is Code.UNREACHABLE_DATA else None
            if before is None:
                return trouble
            return replace(before, note=f"{trouble.message}; it is taken for what it was when it last could be")
        self._known.keep_remote_data(url, data)
        return data

    def _data(self, url: str) -> RemoteData:
        info = self._stores.info(url)
        if info.get("type") != "directory":
            self._check_size([info])
            return RemoteData(identity(url, info) or self._bytes_digest(url, info))
        files = self._files(url)
        digests = {
            path: identity(f"{url}/{path}", each) or self._bytes_digest(f"{url}/{path}", each)
            for path, each in files.items()
        }
        return RemoteData(folder_digest(digests), is_folder=True, is_table=TABLE_FILE in files)

    def _check_size(self, infos: Sequence[Info]) -> None:
        sizes = [size_of(info) or 0 for info in infos]
        if sum(sizes) > self._settings.max_bytes or len(sizes) > _MOST_FILES:
            raise TooLargeError

    def _bytes_digest(self, url: str, info: Info) -> str:
        """The digest of a file's bytes; they are read only where they may have changed since."""
        mark = stamp(info)
        known = self._known.local_digest(url, mark) if mark else None
        if known is None:
            with self._contents.part() as part:
                self._get(url, part, info)
                known = f"sha256:{_hash(part, 'sha256')}"
                self._contents.keep(part, known)
            if mark:
                self._known.keep_local_digest(url, mark, known)
        return known

    def fetch(self, url: str, digest: str) -> Path:
        """The content at a URL as it was planned with, fetched where that was not done yet.

        Raises:
            StepError: it cannot be fetched, or is not what was planned with any more.
            AbandonedError: see `abandon`.
        """
        with self._lock:
            fetching = self._fetching.setdefault(digest, threading.Lock())
        with fetching:
            if not self._contents.has(digest):
                self._fetch(url, digest)
        return self._contents.path(digest)

    def _fetch(self, url: str, digest: str) -> None:
        shown = redacted_url(url)
        refusal = self._rules.refusal(url)
        if refusal is not None:
            raise StepError(refusal[0], place=shown, hint=refusal[1])
        try:
            with self._contents.part() as part:
                if self._fetched(url, part) == digest:
                    self._contents.keep(part, digest)
                    return
        except AbandonedError:
            raise
        except Exception as error:  # whatever the packages that speak to stores raise
            trouble = trouble_of(url, error, self._settings.max_bytes)
            raise StepError(f"the data cannot be fetched: {trouble.message}", hint=trouble.hint) from error
        message = "the data has changed since the run was planned with it"
        raise StepError(message, place=shown, hint="reconcile again: the step runs with what is there now")

    def _fetched(self, url: str, part: Path) -> str:
        """Write all of it to a new file or folder; the digest of what it then is, "" where it changed meanwhile."""
        info = self._stores.info(url)
        if info.get("type") != "directory":
            self._get(url, part, info)
            return _digest_of(url, part, info, self._stores.info(url))
        files = self._files(url)
        part.mkdir()
        for path, each in files.items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            self._get(f"{url}/{path}", part / path, each)
        after = self._files(url)
        if after.keys() != files.keys():
            return ""
        digests = {path: _digest_of(f"{url}/{path}", part / path, files[path], after[path]) for path in files}
        return folder_digest(digests) if all(digests.values()) else ""

    def _files(self, url: str) -> dict[str, Info]:
        files = self._stores.files(url)
        if not files:
            raise FileNotFoundError(url)
        for path in files:
            if {"", ".", ".."} & set(path.split("/")):
                raise ValueError(f"it holds `{path}`, which is no path of a file")
        self._check_size(list(files.values()))
        return files

    def _get(self, url: str, place: Path, info: Info) -> None:
        self._stores.get(url, place, self._settings.max_bytes, _FETCH_SECONDS)
        size, written = size_of(info), place.stat().st_size
        if size is not None and written != size:
            raise CutOffError(f"{written} of {size} bytes came")


def _digest_of(url: str, file: Path, before: Info, after: Info) -> str:
    """The digest of a file that was fetched; "" where the store's word for it changed meanwhile."""
    digest = identity(url, after)
    if digest != identity(url, before):
        return ""
    if digest is None:
        return f"sha256:{_hash(file, 'sha256')}"
    if digest.startswith("md5:") and digest != f"md5:{_hash(file, 'md5')}":
        return ""
    return digest


def _hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
