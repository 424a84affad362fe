"""Environments as they were last built."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.database import Database

BUILDING, READY, FAILED = "building", "ready", "failed"


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    digest: str
    name: str
    version: str
    status: str
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
            "INSERT OR REPLACE INTO environments (digest, name, version, status, log, error, started, ended)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                environment.digest,
                environment.name,
                environment.version,
                environment.status,
                environment.log,
                environment.error,
                environment.started,
                environment.ended,
            ),
        )

    def all(self) -> list[EnvironmentState]:
        """All that were ever built, in the order of their last build."""
        return [
            EnvironmentState(**{key: row[key] for key in row.keys()})  # noqa: SIM118 - a Row iterates over values
            for row in self._database.rows("SELECT * FROM environments ORDER BY started")
        ]

    def ready(self) -> frozenset[str]:
        rows = self._database.rows("SELECT digest FROM environments WHERE status = ?", (READY,))
        return frozenset(row["digest"] for row in rows)
