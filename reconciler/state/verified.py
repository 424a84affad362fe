"""When contents of the store were compared with their digests; may be lost, and then they are compared again."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.state.database import Database

_CHUNK = 500


class Verified:
    """The moments of the last comparisons."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def note(self, digest: str, now: float) -> None:
        self._cache.execute("INSERT OR REPLACE INTO verified (digest, moment) VALUES (?, ?)", (digest, now))

    def since(self, digests: Iterable[str], moment: float) -> frozenset[str]:
        """Those of these that were found right at a moment or later."""
        asked = list(digests)
        found: set[str] = set()
        for start in range(0, len(asked), _CHUNK):
            chunk = asked[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            statement = f"SELECT digest FROM verified WHERE moment >= ? AND digest IN ({marks})"  # noqa: S608 - marks alone
            found.update(row["digest"] for row in self._cache.rows(statement, (moment, *chunk)))
        return frozenset(found)

    def forget(self, digest: str) -> None:
        self._cache.execute("DELETE FROM verified WHERE digest = ?", (digest,))
