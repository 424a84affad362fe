"""What is known of URLs and files, as long as the test."""

from __future__ import annotations

from reconciler.model.data_paths import RemoteData


class Known:
    """A cache in memory."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, str], str] = {}
        self._data: dict[str, RemoteData] = {}

    def local_digest(self, path: str, stamp: str) -> str | None:
        return self._digests.get((path, stamp))

    def keep_local_digest(self, path: str, stamp: str, digest: str) -> None:
        self._digests[path, stamp] = digest

    def remote_data(self, url: str) -> RemoteData | None:
        return self._data.get(url)

    def keep_remote_data(self, url: str, data: RemoteData) -> None:
        self._data[url] = data
