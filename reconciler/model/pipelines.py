"""Pipelines as values: jobs, what their inputs are bound to, and what becomes of their outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.manifests import Component, Environment, InputPort, Manifest, OutputPort, Scalar
from reconciler.model.problems import Pointer
from reconciler.model.references import Reference
from reconciler.model.resources import Processes, Resources
from reconciler.model.sweeps import Sweep


class OnNewRevision(StrEnum):
    """What becomes of a run when a newer revision asks for another one."""

    FINISH = "finish"
    CANCEL = "cancel"
    QUEUE = "queue"


class Goal(StrEnum):
    """Which of two values of a metric is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class Promotion:
    """When the alias moves to a model version that a run registers; it is part of no fingerprint.

    Attributes:
        metric: of the version's own run, compared with the champion's.
        min_delta: by how much it has to be better; less than 0 for one that may be worse by so much.
        model: whose versions are judged, "" for all that the run registers.
        bar: why none is promoted, whatever its metric; "" where the metric decides.
    """

    metric: str
    goal: Goal = Goal.MAXIMIZE
    min_delta: float = 0.0
    alias: str = CHAMPION
    model: str = ""
    bar: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Scalar


@dataclass(frozen=True, slots=True)
class FromPipelineInput:
    name: str


@dataclass(frozen=True, slots=True)
class FromStep:
    job: str
    output: str


@dataclass(frozen=True, slots=True)
class FromData:
    """A data asset by reference, or a path.

    Attributes:
        type: "" where it is not said; the type of what is bound then, or of the port.
        file: the manifest that the reference or the path stands in, "" for the one of the pipeline.
    """

    type: str
    reference: Reference | None = None
    path: str | None = None
    file: str = ""


Binding = Literal | FromPipelineInput | FromStep | FromData


@dataclass(frozen=True, slots=True)
class JobOutput:
    """An output of a job or of a pipeline, and what is to become of it besides being kept.

    Attributes:
        type: "" where it is not said; the component's holds then.
        parent: the pipeline's output that it is bound to, "" for none.
        asset_name: the data asset or model that it is registered as, "" for none.
        asset_version: the version to register, None for the next one.
        path: where a copy goes, as written.
    """

    name: str
    type: str = ""
    parent: str = ""
    asset_name: str = ""
    asset_version: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class PipelineComponent(Manifest):
    """Jobs with an interface of their own, to be a node of other pipelines.

    Attributes:
        data: what inputs read where nothing is given, by their names.
    """

    inputs: tuple[InputPort, ...] = ()
    outputs: tuple[OutputPort, ...] = ()
    jobs: tuple[Job, ...] = ()
    data: tuple[tuple[str, FromData], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A node of a pipeline: a component with its inputs bound, swept where `sweep` is set.

    Attributes:
        name: in a graph, nodes of nested pipelines are named `outer.inner`.
        prefix: the `outer.` of that.
        file: the manifest that it stands in.
        place: the way to it in that file.
        component: None for a job of a kind that is not supported.
        unsupported: the name of that kind, "" for a job that can run.
        retries: how many times it is begun anew after it failed.
        is_deterministic: None where its component says it.
    """

    name: str
    component: Reference | Component | PipelineComponent | None
    inputs: tuple[tuple[str, Binding], ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    depends_on: tuple[str, ...] = ()
    environment: Reference | Environment | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float | None = None
    sweep: Sweep | None = None
    resources: Resources | None = None
    distribution: Processes | None = None
    retries: int | None = None
    is_deterministic: bool | None = None
    file: str = ""
    place: Pointer = ()
    unsupported: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class PipelineInput:
    """An input of a pipeline with its value: a literal or data; None when it has none."""

    name: str
    value: Literal | FromData | None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Pipeline(Manifest):
    """Jobs and what flows between them; a standalone job is a pipeline of one.

    A pipeline that only names a component has one job, whose name is "".
    """

    experiment: str = ""
    inputs: tuple[PipelineInput, ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    jobs: tuple[Job, ...] = ()
    continue_on_step_failure: bool = False
    force_rerun: bool = False
    on_new_revision: OnNewRevision = OnNewRevision.FINISH
    promotion: Promotion | None = None
    is_suspended: bool = False
