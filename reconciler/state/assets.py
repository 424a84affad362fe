"""Data assets that steps registered: versions of what they wrote, each with the digest of its content."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.runs import RegisteredData
from reconciler.model.versions import parse_version
from reconciler.state.database import Database, Row

_COLUMNS = "name, version, type, digest, run_id, step, output"


class Assets:
    """Versions in the order in which they were registered; read once, for only this process adds to them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[RegisteredData, ...] | None = None

    def all(self) -> tuple[RegisteredData, ...]:
        with self._database.lock:  # else what is registered while it is read would be forgotten
            if self._known is None:
                self._known = self._read()
            return self._known

    def named(self, name: str) -> tuple[RegisteredData, ...]:
        """The versions of one asset, the newest last."""
        return tuple(known for known in self._read() if known.name == name)

    def register(self, wanted: RegisteredData, now: float) -> RegisteredData:
        """Keep a version and return it; one that holds the same content already is returned as it is.

        `version` "" asks for the next one: the same as the newest where the content did not change, else N.0.0.
        A version that is there with other content is returned too, for a version never changes its meaning.
        """
        with self._database.transaction():
            known = self.named(wanted.name)
            version = str(parse_version(wanted.version)) if wanted.version else ""
            for each in known:
                if each.version == version:
                    return each
            if not version and known and (known[-1].digest, known[-1].type) == (wanted.digest, wanted.type):
                return known[-1]
            kept = RegisteredData(
                wanted.name,
                version or _next_version(each.version for each in known),
                wanted.type,
                wanted.digest,
                wanted.run_id,
                wanted.step,
                wanted.output,
            )
            self._database.execute(
                f"INSERT INTO data_assets ({_COLUMNS}, registered) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (kept.name, kept.version, kept.type, kept.digest, kept.run_id, kept.step, kept.output, now),
            )
            self._known = None
        return kept

    def _read(self) -> tuple[RegisteredData, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM data_assets ORDER BY registered, rowid")  # noqa: S608
        return tuple(_asset_of(row) for row in rows)


def _asset_of(row: Row) -> RegisteredData:
    return RegisteredData(
        row["name"], row["version"], row["type"], row["digest"], row["run_id"], row["step"], row["output"]
    )


def _next_version(versions: Iterable[str]) -> str:
    """As integers count: 1.0.0, 2.0.0, 3.0.0."""
    return f"{max((parse_version(version).major for version in versions), default=0) + 1}.0.0"
