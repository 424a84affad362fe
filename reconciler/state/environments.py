"""Environments as they were last built."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.database import Database

BUILDING, READY, FAILED, GONE = "building", "ready", "failed", "gone"


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """The last build of an environment for one engine.

    Attributes:
        location: where it is: the folder of a virtual environment, the id of an image.
    """

    engine: str
    digest: str
    name: str
    version: str
    status: str
    location: str = ""
    log: str = ""
    error: str = ""
    started: float | None = None
    ended: float | None = None


class Environments:
    """The record of environment builds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, environment: EnvironmentState) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO environments (engine, digest, name, version, status, location, log, error,"
            " started, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                environment.engine,
                environment.digest,
                environment.name,
                environment.version,
                environment.status,
                environment.location,
                environment.log,
                environment.error,
                environment.started,
                environment.ended,
            ),
        )

    def all(self, engine: str | None = None) -> list[EnvironmentState]:
        """All that were ever built, for one engine or for any, in the order of their last build."""
        rows = self._database.rows(
            "SELECT * FROM environments WHERE engine = COALESCE(?, engine) ORDER BY started", (engine,)
        )
        return [
            EnvironmentState(**{key: row[key] for key in row.keys()})  # noqa: SIM118 - a Row iterates over values
            for row in rows
        ]

    def ready(self, engine: str) -> frozenset[str]:
        """Digests of those that are built for an engine."""
        statement = "SELECT digest FROM environments WHERE engine = ? AND status = ?"
        return frozenset(row["digest"] for row in self._database.rows(statement, (engine, READY)))

    def forget(self, engine: str, digest: str) -> None:
        """Note nothing of an environment any more: it was removed on purpose."""
        self._database.execute("DELETE FROM environments WHERE engine = ? AND digest = ?", (engine, digest))
