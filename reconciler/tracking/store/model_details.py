"""What a model version takes and gives, and how good it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.entities.model_registry import ModelVersion as MlflowModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient

from reconciler.tracking.base import ModelDetails, ModelVersion
from reconciler.tracking.store.artifacts import MODEL_FILE, local_folder

_LOGGED_MODEL = "models:/"
_LARGEST = 16_000_000
_PARTS = ("inputs", "outputs", "params")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def details_of(client: MlflowClient, versions: Iterable[ModelVersion]) -> list[ModelDetails]:
    """The signatures and metrics of these versions, in the same order."""
    found = []
    for each in versions:
        version = client.get_model_version(each.name, each.version)
        model_id = _model_id(version)
        # MLflow notes at a model what was logged at its step alone, so that of the run comes first.
        metrics = {**_metrics_of_model(client, model_id), **_metrics_of_run(client, version.run_id)}
        found.append(ModelDetails(_signature(client, version), metrics))
    return found


def _model_id(version: MlflowModelVersion) -> str:
    """The logged model that it was registered from; "" for files of a run."""
    source = version.source or ""
    named = source.removeprefix(_LOGGED_MODEL) if source.startswith(_LOGGED_MODEL) else ""
    return str(version.model_id or ("" if "/" in named else named))


def _metrics_of_run(client: MlflowClient, run_id: str | None) -> Mapping[str, float]:
    if not run_id:
        return {}
    try:
        return dict(client.get_run(run_id).data.metrics)
    except MlflowException as error:
        return _nothing_if_gone(error)


def _metrics_of_model(client: MlflowClient, model_id: str) -> Mapping[str, float]:
    """Those that were logged for the model alone: the newest of each name."""
    if not model_id:
        return {}
    try:
        metrics = client.get_logged_model(model_id).metrics or []
    except MlflowException as error:
        return _nothing_if_gone(error)
    return {each.key: each.value for each in sorted(metrics, key=lambda each: (each.step, each.timestamp))}


def _nothing_if_gone(error: MlflowException) -> Mapping[str, float]:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise error
    return {}


def _signature(client: MlflowClient, version: MlflowModelVersion) -> Mapping[str, str] | None:
    """As the model says it, which need not be a model of MLflow's kind at all."""
    said = _model_file(client.get_model_version_download_uri(version.name, version.version))
    signature = said.get("signature") if isinstance(said, dict) else None
    if not isinstance(signature, dict):
        return None
    return {part: signature[part] for part in _PARTS if isinstance(signature.get(part), str)} or None


def _model_file(uri: str) -> Any:
    here = local_folder(uri)
    if here is not None:
        return _read(here / MODEL_FILE)
    if all(file.path.rpartition("/")[2] != MODEL_FILE for file in list_artifacts(artifact_uri=uri)):
        return None
    with tempfile.TemporaryDirectory() as folder:
        return _read(Path(download_artifacts(artifact_uri=f"{uri.rstrip('/')}/{MODEL_FILE}", dst_path=folder)))


def _read(file: Path) -> Any:
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _LARGEST:
        return None
    try:
        return yaml.load(file.read_bytes(), Loader=_LOADER)  # noqa: S506 - it is the safe one
    except (yaml.YAMLError, OSError, ValueError, RecursionError):
        return None
