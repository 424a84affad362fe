"""Schedules as values: when a pipeline runs, and what it is given then."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.manifests import Manifest
from reconciler.model.pipelines import FromData, JobOutput, Literal, Pipeline
from reconciler.model.problems import Pointer
from reconciler.model.references import Reference

TRIGGER_TIME = "${{creation_context.trigger_time}}"


class CatchUp(StrEnum):
    """Which of the moments that were missed are made up for."""

    LATEST = "latest"
    ALL = "all"
    NONE = "none"


class OnOverlap(StrEnum):
    """What becomes of a firing while the run of an earlier one goes on."""

    SKIP = "skip"
    QUEUE = "queue"
    CANCEL = "cancel"


class Frequency(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields: minute, hour, day of month, month, day of week."""

    expression: str


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every so many minutes, hours, days, weeks or months.

    Attributes:
        hours: of the days on which it fires; the start's where empty.
        week_days: 0 for Monday to 6 for Sunday; of the weeks in which it fires.
        month_days: 1 to 31; a month that is too short is passed over.
    """

    frequency: Frequency
    interval: int
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    week_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a schedule fires.

    Attributes:
        time_zone: IANA name.
        start: first moment, ISO 8601 in local time of the zone; "" for at once.
        end: moment after which it does not fire any more, in the same way; "" for never.
    """

    when: Cron | Recurrence
    time_zone: str = "UTC"
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Lateness:
    """What is done about firings that cannot start on time.

    Attributes:
        deadline_seconds: after which a firing is not started any more; None for never.
    """

    catch_up: CatchUp = CatchUp.LATEST
    deadline_seconds: float | None = None
    on_overlap: OnOverlap = OnOverlap.SKIP


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a schedule says otherwise than the job that it runs; texts and paths of inputs may hold `TRIGGER_TIME`."""

    inputs: tuple[tuple[str, Literal | FromData], ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    experiment: str | None = None
    continue_on_step_failure: bool | None = None
    force_rerun: bool | None = None


@dataclass(frozen=True, slots=True)
class Schedule(Manifest):
    """A pipeline, by reference or written inside, and when it runs.

    Attributes:
        job: None for one of a kind that is not supported.
        job_place: the way to it in the manifest; that to the overrides is `("create_job",)`.
        unsupported: why it cannot fire, "" where it can.
    """

    trigger: Trigger = field(default_factory=lambda: Trigger(Cron("0 0 * * *")))
    job: Reference | Pipeline | None = None
    job_place: Pointer = ("create_job",)
    overrides: Overrides = field(default_factory=Overrides)
    is_enabled: bool = True
    unsupported: str = ""
    is_suspended: bool = False
    lateness: Lateness = field(default_factory=Lateness)
