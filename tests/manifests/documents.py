"""Documents of each kind, right unless a test changes them."""

from __future__ import annotations

from typing import Any

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
REGISTRY_ENVIRONMENT = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"


def component(**changes: object) -> dict[str, Any]:
    document: dict[str, Any] = {
        "$schema": f"{SCHEMAS}/commandComponent.schema.json",
        "name": "split",
        "version": "1.0.0",
        "command": "python run.py",
        "environment": "azureml:sklearn@^1.0",
    }
    return _changed(document, changes)


def environment(**changes: object) -> dict[str, Any]:
    document: dict[str, Any] = {
        "$schema": f"{SCHEMAS}/environment.schema.json",
        "name": "sklearn",
        "version": "1.0.0",
        "image": "python:3.11-slim",
    }
    return _changed(document, changes)


def data(**changes: object) -> dict[str, Any]:
    document: dict[str, Any] = {
        "$schema": f"{SCHEMAS}/data.schema.json",
        "name": "loans",
        "version": "1.0.0",
        "type": "uri_file",
        "path": "loans.csv",
    }
    return _changed(document, changes)


def pipeline(jobs: object = None, **changes: object) -> dict[str, Any]:
    document: dict[str, Any] = {
        "$schema": f"{SCHEMAS}/pipelineJob.schema.json",
        "type": "pipeline",
        "name": "lending",
        "jobs": jobs if jobs is not None else {"split": {"component": "azureml:split@^1.0"}},
    }
    return _changed(document, changes)


def sweep(**changes: object) -> dict[str, Any]:
    """A job that sweeps."""
    document: dict[str, Any] = {
        "type": "sweep",
        "trial": "./train.yaml",
        "sampling_algorithm": "grid",
        "search_space": {"depth": {"type": "choice", "values": [1, 2]}},
        "objective": {"goal": "maximize", "primary_metric": "accuracy"},
        "limits": {"max_total_trials": 4},
    }
    return _changed(document, changes)


def _changed(document: dict[str, Any], changes: dict[str, object]) -> dict[str, Any]:
    """The document with the changes; a value of ... takes a key away."""
    return {key: value for key, value in {**document, **changes}.items() if value is not ...}
