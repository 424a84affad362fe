"""Experiments by name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient

from reconciler.model.errors import TrackingError


class Experiments:
    """The ids of experiments, each looked up once and made where it is missing."""

    def __init__(self, client: MlflowClient, artifact_root: Path | None) -> None:
        self._client = client
        self._artifact_root = artifact_root
        self._ids: dict[str, str] = {}

    def id(self, name: str) -> str:
        """The experiment's id.

        Raises:
            TrackingError: an experiment of that name was deleted.
        """
        if name not in self._ids:
            self._ids[name] = self._find(name) or self._make(name)
        return self._ids[name]

    def forget(self, name: str) -> None:
        """Look the experiment up again when it is next needed."""
        self._ids.pop(name, None)

    def _find(self, name: str) -> str | None:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            return None
        if found.lifecycle_stage == "deleted":
            raise TrackingError(
                "the experiment was deleted, and MLflow keeps its name",
                place=f"experiment {name}",
                hint=f"run `mlflow experiments restore --experiment-id {found.experiment_id}`, "
                "or give the pipeline another experiment_name",
            )
        return str(found.experiment_id)

    def _make(self, name: str) -> str:
        try:
            return str(self._client.create_experiment(name, artifact_location=self._artifact_location(name)))
        except MlflowException:
            found = self._find(name)  # another process was faster
            if found is None:
                raise
            return found

    def _artifact_location(self, name: str) -> str | None:
        """A folder that bears the name as far as a folder can; None lets a server choose."""
        if self._artifact_root is None:
            return None
        readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40].strip("-")
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return (self._artifact_root / f"{readable}-{digest}").as_uri()
