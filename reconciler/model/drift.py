"""What differs from what should be there although no commit says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.manifests import Kind


class DriftKind(StrEnum):
    ENVIRONMENT = "environment"
    OUTPUT = "output"
    MLFLOW_RUN = "MLflow run"
    MODEL_VERSION = "model version"
    ALIAS = "alias"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Drift:
    """One finding.

    Attributes:
        name: what it is about, such as `train.model` of a step's output.
        resource: the kind and name of the manifest that it is told of.
        run: the current run that it was found in, "" for what is of no run.
        step: the step that has to be executed again, "" for none.
        can_be_mended: whether it is put right by itself.
        needs_run: whether that takes a run of the pipeline.
        hint: what a person can do.
    """

    kind: DriftKind
    name: str
    expected: str
    found: str
    resource: tuple[Kind, str]
    run: str = ""
    step: str = ""
    can_be_mended: bool = True
    needs_run: bool = False
    hint: str = ""

    @property
    def told(self) -> str:
        """All of it in a line."""
        said = f"{self.kind} {self.name} is {self.found}, not {self.expected}"
        return f"{said} ({self.hint})" if self.hint else said
