"""Environments as they were last built."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.events import Event, EventType
from reconciler.model.manifests import Kind
from reconciler.state.database import Database
from reconciler.state.events import Events

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

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def save(self, environment: EnvironmentState, now: float | None = None) -> None:
        """Keep how an environment stands; `now` where that is neither the start nor the end of a build."""
        with self._database.transaction():
            self._save(environment)
            if environment.status in (READY, FAILED):
                self._note_build(environment)
            moment = now or environment.ended or environment.started or 0.0
            self._events.record([_event_of(environment)], moment)

    def _note_build(self, built: EnvironmentState) -> None:
        ended = built.ended or built.started or 0.0
        self._database.execute(
            "INSERT INTO builds (engine, digest, status, name, version, error, first, started, ended)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (engine, digest, status) DO UPDATE SET count = count + 1,"
            " name = excluded.name, version = excluded.version, error = excluded.error, started = excluded.started,"
            " ended = excluded.ended",
            (
                built.engine,
                built.digest,
                built.status,
                built.name,
                built.version,
                built.error,
                ended,
                built.started or ended,
                ended,
            ),
        )

    def _save(self, environment: EnvironmentState) -> None:
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


def _event_of(environment: EnvironmentState) -> Event:
    digest = environment.digest[:12]
    took = ""
    if environment.started is not None and environment.ended is not None:
        took = f" in {environment.ended - environment.started:.1f} s"
    first = environment.error.partition("\n")[0]
    kind, reason, message = {
        BUILDING: (EventType.NORMAL, "Building", f"digest {digest} for engine {environment.engine}"),
        READY: (EventType.NORMAL, "Built", f"digest {digest}{took}"),
        FAILED: (EventType.WARNING, "BuildFailed", first or "the build failed"),
        GONE: (EventType.WARNING, "Gone", f"digest {digest} was removed from the engine by somebody else"),
    }[environment.status]
    return Event("", str(Kind.ENVIRONMENT), environment.name, kind, reason, message)
