"""The cache of manifests that were read and of data that was looked at; it may be deleted at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.data_paths import RemoteData
from reconciler.state.database import Database

_CHUNK = 500
# Part of the key: documents that an older loader found right are read again by a newer one.
LOADER_FORMAT = "2"


class Documents:
    """Documents by blob id, digests of files by path or URL, and what was known of URLs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def documents(self, oids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Kind and JSON of the documents known; "" and "" for a file that is no manifest."""
        wanted = [f"{LOADER_FORMAT}:{oid}" for oid in oids]
        found: dict[str, tuple[str, str]] = {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            statement = f"SELECT blob, kind, body FROM documents WHERE blob IN ({marks})"  # noqa: S608
            for row in self._database.rows(statement, chunk):
                found[row["blob"].partition(":")[2]] = (row["kind"], row["body"])
        return found

    def keep_documents(self, documents: Mapping[str, tuple[str, str]]) -> None:
        self._database.execute_many(
            "INSERT OR REPLACE INTO documents (blob, kind, body) VALUES (?, ?, ?)",
            [(f"{LOADER_FORMAT}:{oid}", kind, body) for oid, (kind, body) in documents.items()],
        )

    def local_digest(self, path: str, stamp: str) -> str | None:
        """The digest of a file that has not changed since it was hashed: same size, time and inode."""
        row = self._database.row("SELECT stamp, digest FROM local_files WHERE path = ?", (_as_text(path),))
        return row["digest"] if row and row["stamp"] == stamp else None

    def keep_local_digest(self, path: str, stamp: str, digest: str) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO local_files (path, stamp, digest) VALUES (?, ?, ?)", (_as_text(path), stamp, digest)
        )

    def remote_data(self, url: str) -> RemoteData | None:
        """What lay at a URL when it was last looked up."""
        statement = "SELECT digest, is_folder, is_table FROM remote_data WHERE url = ?"
        row = self._database.row(statement, (_as_text(url),))
        return RemoteData(row["digest"], bool(row["is_folder"]), bool(row["is_table"])) if row else None

    def keep_remote_data(self, url: str, data: RemoteData) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO remote_data (url, digest, is_folder, is_table) VALUES (?, ?, ?, ?)",
            (_as_text(url), data.digest, data.is_folder, data.is_table),
        )


def _as_text(path: str) -> str:
    """The path as the database takes it, whatever bytes are in its name."""
    return path.encode(errors="backslashreplace").decode()
