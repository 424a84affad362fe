"""The plan: the ordered actions from the actual state to the desired, each with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.manifests import Kind
from reconciler.model.problems import Problem
from reconciler.model.runs import Result, Run, StepRun
from reconciler.model.schedules import Trigger
from reconciler.model.steps import Definition, EnvironmentSpec, Graph


class StepAction(StrEnum):
    RUN = "run"
    REUSE = "reuse"
    MAYBE = "maybe"


class PipelineAction(StrEnum):
    RUN = "run"
    RESTORE = "restore"
    NONE = "none"


class EnvironmentAction(StrEnum):
    BUILD = "build"
    NONE = "none"


class Bump(StrEnum):
    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What is to be done with one step.

    Attributes:
        fingerprint: None while what an earlier step will write is not known.
        result: what is reused.
    """

    name: str
    kind: str
    action: StepAction
    reasons: tuple[str, ...] = ()
    fingerprint: str | None = None
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    name: str
    action: PipelineAction
    reasons: tuple[str, ...]
    steps: tuple[StepPlan, ...]
    graph: Graph
    restores: str = ""  # the run that becomes current again
    held: str = ""  # why nothing is done although something is to be


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    name: str
    version: str | None
    action: EnvironmentAction
    reasons: tuple[str, ...]
    spec: EnvironmentSpec


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """A manifest whose version or content changed, and the bump that its interface demands.

    Attributes:
        required: none where nothing changed but the version.
        why: the changes that demand it.
        wanted: the version to write where this one is not enough, else "".
        note: what else is to be said of one that is.
    """

    kind: Kind
    name: str
    old: str | None
    new: str | None
    required: Bump
    is_ok: bool
    why: tuple[str, ...]
    wanted: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pruned:
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """What a schedule runs, and when; `trigger` is None for one that does not fire."""

    name: str
    pipeline: str
    trigger: Trigger | None


@dataclass(frozen=True, slots=True)
class Plan:
    revision: str
    base: str
    environments: tuple[EnvironmentPlan, ...] = ()
    pipelines: tuple[PipelinePlan, ...] = ()
    versions: tuple[VersionPlan, ...] = ()
    prune: tuple[Pruned, ...] = ()
    problems: tuple[Problem, ...] = ()
    schedules: tuple[SchedulePlan, ...] = ()

    @property
    def has_errors(self) -> bool:
        return any(problem.is_error for problem in self.problems)

    @property
    def has_work(self) -> bool:
        return any(pipeline.action is not PipelineAction.NONE for pipeline in self.pipelines) or any(
            environment.action is EnvironmentAction.BUILD for environment in self.environments
        )


@dataclass(frozen=True, slots=True)
class ReleasedVersion:
    """A version that was applied before: what it held and at which revision.

    Attributes:
        interface: canonical JSON, to compute the required bump; "" where it is not known.
        description: None where it is not known.
    """

    kind: Kind
    name: str
    version: str
    digest: str
    revision: str
    interface: str = ""
    description: str | None = None


@dataclass(frozen=True)
class Actual:
    """What exists, as far as planning needs it.

    Attributes:
        revision: the last applied one, "" before the first.
        ready_environments: digests of the environments that are built and whole.
        results: results by fingerprint.
        current: the current run of each pipeline.
        current_steps: the steps of those runs by pipeline and step name.
        definitions: definitions of those steps by digest.
        succeeded: closures that succeeded, with the run to restore, by pipeline.
        running: closures that are running now, by pipeline.
        versions: versions applied before, by kind, name and version.
        applied: kinds and names that the source applied before.
        held: why pipelines start no run, by name, as somebody holds them still.
    """

    revision: str = ""
    ready_environments: frozenset[str] = frozenset()
    results: Mapping[str, Result] = field(default_factory=dict)
    current: Mapping[str, Run] = field(default_factory=dict)
    current_steps: Mapping[str, Mapping[str, StepRun]] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    succeeded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    running: Mapping[str, frozenset[str]] = field(default_factory=dict)
    versions: Mapping[tuple[Kind, str, str], ReleasedVersion] = field(default_factory=dict)
    applied: frozenset[tuple[Kind, str]] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)
