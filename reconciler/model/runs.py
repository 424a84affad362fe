"""What ran: runs, steps and trials, and the results that later runs take up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.manifests import Scalar
from reconciler.model.releases import Resolution

NO_ROOM = "no-room"  # the kind of failure of a step for which the disk was too small
NO_ROOM_SAID = "the disk is full: "
SUPERSEDED = "superseded by "


class RunStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RESTORED = "restored"

    @property
    def is_good(self) -> bool:
        return self in (RunStatus.SUCCEEDED, RunStatus.RESTORED)


class StepStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REUSED = "reused"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def is_good(self) -> bool:
        return self in (StepStatus.SUCCEEDED, StepStatus.REUSED)

    @property
    def is_over(self) -> bool:
        return self not in (StepStatus.PENDING, StepStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Result:
    """What a step or trial gave, kept under its fingerprint.

    Attributes:
        outputs: digests of the outputs' content, by name.
        mlflow_run_id: the run that made it, "" without tracking.
        trials: fingerprints of a sweep's trials, the best first.
        apart: the preview whose it is alone, "" for one that all take up.
    """

    fingerprint: str
    definition: str
    outputs: Mapping[str, str]
    run_id: str
    step: str
    mlflow_run_id: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    trials: tuple[str, ...] = ()
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict)
    seconds: float = 0.0
    apart: str = ""


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a run, or one trial of a sweep's step (`trial` counts from "0"; "" is the step itself)."""

    run_id: str
    name: str
    trial: str = ""
    kind: str = "command"
    status: StepStatus = StepStatus.PENDING
    fingerprint: str = ""
    definition: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    started: float | None = None
    ended: float | None = None
    mlflow_run_id: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict)
    reused_from: str = ""  # the run that made the result
    handle: str = ""  # the engine's, to take the execution up again after a restart
    log: str = ""
    error: str = ""
    failure: str = ""  # the kind of failure in a word, such as `out-of-memory`
    attempt: int = 1  # counts up where it is begun anew after a failure


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a pipeline; times are seconds since the epoch.

    Attributes:
        lock: what its references were resolved to; () of a run that was read as one of several, which is the same
            run all the same.
    """

    id: str
    pipeline: str
    source: str
    revision: str
    closure: str
    status: RunStatus
    trigger: str
    started: float
    ended: float | None = None
    experiment: str = ""
    mlflow_run_id: str = ""
    reasons: tuple[str, ...] = ()
    error: str = ""
    restored_from: str = ""
    attempt: int = 1
    lock: tuple[Resolution, ...] = field(default=(), compare=False)

    @property
    def is_for_want_of_room(self) -> bool:
        """Whether it failed as the disk was full, which says nothing against what it did."""
        return self.status is RunStatus.FAILED and self.error.startswith(NO_ROOM_SAID)

    @property
    def is_superseded(self) -> bool:
        """Whether it was ended for a newer revision, which says nothing against what it did."""
        return self.status is RunStatus.CANCELLED and self.error.startswith(SUPERSEDED)


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model version that a run registered, with the aliases it held when the run ended.

    Attributes:
        version: MLflow's number.
        aliases: without the one that says the semantic version.
        semver: "" for one of before models had such.
        metric: the figure that says most, None where its run logged none.
    """

    run_id: str
    name: str
    version: str
    aliases: tuple[str, ...]
    mlflow_run_id: str
    semver: str = ""
    metric_name: str = ""
    metric: float | None = None
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a model version at the gate of the run that registered it.

    Attributes:
        alias: that was to be won.
        metric: None where the version has none of that name.
        champion: the version that held the alias before, MLflow's number; "" where none did.
    """

    run_id: str
    name: str
    version: str
    semver: str
    alias: str
    metric_name: str
    metric: float | None
    champion: str
    champion_semver: str
    champion_metric: float | None
    is_promoted: bool
    why: str

    @property
    def holder(self) -> str:
        """The version that holds the alias now, "" where none does."""
        return self.version if self.is_promoted else self.champion


@dataclass(frozen=True, slots=True)
class RegisteredData:
    """An output that a step registered as a version of a data asset or model.

    Attributes:
        digest: of its content, under which it is kept in the store of outputs.
        run_id: the run that registered it first.
    """

    name: str
    version: str
    type: str
    digest: str
    run_id: str
    step: str
    output: str
