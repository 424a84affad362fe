"""The manifests as values: what a YAML document says, before references are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.references import Reference
from reconciler.model.resources import Resources

Scalar = str | int | float | bool
DATA_TYPES = ("uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")
LITERAL_TYPES = ("string", "number", "integer", "boolean")


class Kind(StrEnum):
    COMPONENT = "component"
    ENVIRONMENT = "environment"
    DATA = "data"
    PIPELINE = "pipeline"
    SCHEDULE = "schedule"
    MODEL = "model"
    COMPUTE = "compute"


class OnNewRevision(StrEnum):
    """What becomes of a run when a newer revision asks for another one."""

    FINISH = "finish"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class InputPort:
    """A declared input; `type` is one of DATA_TYPES or LITERAL_TYPES."""

    name: str
    type: str
    description: str = ""
    default: Scalar | None = None
    is_optional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Scalar, ...] = ()

    @property
    def is_data(self) -> bool:
        return self.type in DATA_TYPES


@dataclass(frozen=True, slots=True)
class OutputPort:
    """A declared output; `type` is one of DATA_TYPES."""

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What all kinds share.

    Attributes:
        file: path in the repository.
        identity: digest of the document without what only describes (names, versions, descriptions, tags).
    """

    file: str
    name: str
    version: str | None
    description: str
    identity: str


@dataclass(frozen=True, slots=True)
class Environment(Manifest):
    """An image, an image with a conda file, or a build; paths are relative to the manifest."""

    image: str | None = None
    conda_file: str | None = None
    conda: str | None = None  # an inline conda file, as canonical JSON
    build_path: str | None = None
    dockerfile: str | None = None


@dataclass(frozen=True, slots=True)
class Component(Manifest):
    """A command with its interface; `code` is a path relative to the manifest."""

    inputs: tuple[InputPort, ...] = ()
    outputs: tuple[OutputPort, ...] = ()
    command: str = ""
    code: str | None = None
    environment: Reference | Environment | None = None
    is_deterministic: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    resources: Resources | None = None


@dataclass(frozen=True, slots=True)
class DataAsset(Manifest):
    """A file or folder; `path` is relative to the manifest, or absolute, or a URL."""

    type: str = "uri_file"
    path: str = ""


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
    """A data asset by reference, or a path relative to the manifest."""

    type: str
    reference: Reference | None = None
    path: str | None = None


Binding = Literal | FromPipelineInput | FromStep | FromData


class SamplingAlgorithm(StrEnum):
    GRID = "grid"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Distribution:
    """One dimension of a search space, as Azure ML names them.

    Attributes:
        type: `choice`, `randint`, `uniform`, `loguniform`, `quniform`, `qloguniform`, `normal`, …
        values: the values of a `choice`.
        arguments: `upper` of `randint`; `min_value`, `max_value`, `q`, `mu`, `sigma` of the others.
    """

    type: str
    values: tuple[Scalar, ...] = ()
    arguments: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """How the trials of a component are drawn and which is best."""

    search_space: tuple[tuple[str, Distribution], ...]
    algorithm: SamplingAlgorithm
    seed: int
    metric: str
    maximize: bool
    max_total_trials: int
    max_concurrent_trials: int
    trial_timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A node of a pipeline: a component with its inputs bound, swept where `sweep` is set."""

    name: str
    component: Reference | Component
    inputs: tuple[tuple[str, Binding], ...] = ()
    outputs: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    environment: Reference | Environment | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float | None = None
    sweep: Sweep | None = None
    resources: Resources | None = None


@dataclass(frozen=True, slots=True)
class PipelineInput:
    """An input of a pipeline with its value: a literal or data; None when it has none."""

    name: str
    value: Literal | FromData | None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Pipeline(Manifest):
    """Jobs and what flows between them."""

    experiment: str = ""
    inputs: tuple[PipelineInput, ...] = ()
    jobs: tuple[Job, ...] = ()
    continue_on_step_failure: bool = False
    force_rerun: bool = False
    on_new_revision: OnNewRevision = OnNewRevision.FINISH


AnyManifest = Environment | Component | DataAsset | Pipeline


_KIND_OF = {
    Environment: Kind.ENVIRONMENT,
    Component: Kind.COMPONENT,
    DataAsset: Kind.DATA,
    Pipeline: Kind.PIPELINE,
}


def kind_of(manifest: AnyManifest) -> Kind:
    return _KIND_OF[type(manifest)]
