"""Schedules as the daemon left them: up to when each was looked at, and what came of its last firing."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.database import Database, Row


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A schedule of a source; times are seconds since the epoch.

    Attributes:
        trigger: digest of when it fires.
        seen: the moment up to which everything that was due has been seen to.
        fired: the moment that it fired for last, None where it never did.
        run_id: the run of that firing, "" where there was none.
        said: what came of it where there was none, "" where nothing has to be said.
        pipeline: what it runs, "" where that is not known.
    """

    source: str
    name: str
    trigger: str
    seen: float
    fired: float | None = None
    run_id: str = ""
    said: str = ""
    pipeline: str = ""


@dataclass(frozen=True, slots=True)
class FiredRun:
    """Why a run started: the schedule, and the moment for which it fired."""

    schedule: str
    moment: float


class Schedules:
    """The record of schedules and of the runs that they started."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, source: str) -> list[ScheduleState]:
        rows = self._database.rows("SELECT * FROM schedules WHERE source = ? ORDER BY name", (source,))
        return [_schedule_of(row) for row in rows]

    def of_pipeline(self, pipeline: str) -> list[ScheduleState]:
        """The schedules that run a pipeline, of all sources."""
        rows = self._database.rows("SELECT * FROM schedules WHERE pipeline = ? ORDER BY source, name", (pipeline,))
        return [_schedule_of(row) for row in rows]

    def named(self, name: str) -> list[ScheduleState]:
        """The schedule of that name in each source that has one."""
        rows = self._database.rows("SELECT * FROM schedules WHERE name = ? ORDER BY source", (name,))
        return [_schedule_of(row) for row in rows]

    def save(self, schedule: ScheduleState) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO schedules (source, name, trigger_digest, seen, fired, run_id, said, pipeline)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                schedule.source,
                schedule.name,
                schedule.trigger,
                schedule.seen,
                schedule.fired,
                schedule.run_id,
                schedule.said,
                schedule.pipeline,
            ),
        )

    def forget(self, source: str, name: str) -> None:
        """Note nothing of a schedule any more; the runs that it started keep their reason."""
        self._database.execute("DELETE FROM schedules WHERE source = ? AND name = ?", (source, name))

    def save_run(self, run_id: str, fired: FiredRun) -> None:
        self._database.execute(
            "INSERT INTO scheduled_runs (run_id, schedule, moment) VALUES (?, ?, ?)",
            (run_id, fired.schedule, fired.moment),
        )

    def of_run(self, run_id: str) -> FiredRun | None:
        """Which firing a run is of, None for one that no schedule started."""
        row = self._database.row("SELECT * FROM scheduled_runs WHERE run_id = ?", (run_id,))
        return FiredRun(row["schedule"], row["moment"]) if row else None


def _schedule_of(row: Row) -> ScheduleState:
    return ScheduleState(
        row["source"],
        row["name"],
        row["trigger_digest"],
        row["seen"],
        row["fired"],
        row["run_id"],
        row["said"],
        row["pipeline"],
    )
