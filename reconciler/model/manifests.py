"""The manifests as values: what a YAML document says, before references are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.problems import Pointer
from reconciler.model.references import Reference
from reconciler.model.resources import Processes, Resources

Scalar = str | int | float | bool
DATA_TYPES = ("uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")
MODEL_TYPES = ("mlflow_model", "custom_model", "triton_model")
LITERAL_TYPES = ("string", "number", "integer", "boolean")


class Kind(StrEnum):
    COMPONENT = "component"
    ENVIRONMENT = "environment"
    DATA = "data"
    PIPELINE = "pipeline"
    SCHEDULE = "schedule"
    MODEL = "model"
    COMPUTE = "compute"


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
        is_named: whether the manifest says its name; else it goes by its file.
        place: the way to it in the file, () unless it stands inside another.
    """

    file: str
    name: str
    version: str | None
    description: str
    identity: str
    is_named: bool = field(default=True, kw_only=True)
    place: Pointer = field(default=(), kw_only=True)


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
    """A command with its interface.

    Attributes:
        code: a path relative to the manifest.
        timeout_seconds: of a step, or of each trial of a sweep; what a job says of it holds before this.
        retries: how many times it is begun anew after it failed.
        includes: files and folders, relative to the manifest, that are laid beside the code.
    """

    inputs: tuple[InputPort, ...] = ()
    outputs: tuple[OutputPort, ...] = ()
    command: str = ""
    code: str | None = None
    environment: Reference | Environment | None = None
    is_deterministic: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    resources: Resources | None = None
    distribution: Processes | None = None
    timeout_seconds: float | None = None
    retries: int = 0
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataAsset(Manifest):
    """A file or folder; `path` is relative to the manifest, or absolute, or a URL."""

    type: str = "uri_file"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Model(Manifest):
    """A trained model that lies somewhere already; `path` as that of a data asset."""

    type: str = "custom_model"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Compute(Manifest):
    """A compute target of Azure ML; here every step runs on the engine, so that it only has a name."""

    type: str = ""
