"""Which kind of manifest a document is: by `$schema`, by `type`, by shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.manifests import Kind

_SUPPORTED_SCHEMAS = {
    "commandcomponent": Kind.COMPONENT,
    "environment": Kind.ENVIRONMENT,
    "data": Kind.DATA,
    "asset": Kind.DATA,
    "pipelinejob": Kind.PIPELINE,
}
_SUPPORTED_TYPES = {"pipeline": Kind.PIPELINE}
_DATA_TYPES = {"uri_file", "uri_folder", "mltable"}
_UNSUPPORTED_TYPES = {"spark", "parallel", "automl", "import", "data_transfer", "sweep"}
_AZURE_HOST = re.compile(r"azureml(schemas|/?sdk)|reconciler")
_JOB_KEYS = {"component", "trial", "command"}


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A manifest of a kind that is recognised and refused by name."""

    name: str


def kind_of_document(document: Mapping[object, object]) -> Kind | Unsupported | None:
    """The kind, or None for a YAML file that is no manifest at all and is left alone."""
    schema = document.get("$schema")
    if isinstance(schema, str):
        kind = _kind_of_schema(schema)
        if kind is not None:
            return kind
    return _kind_of_shape(document)


def _kind_of_schema(schema: str) -> Kind | Unsupported | None:
    last = schema.partition("#")[0].rstrip("/").rpartition("/")[2].lower()
    name = last.removesuffix(".json").removesuffix(".schema")
    if name in _SUPPORTED_SCHEMAS:
        return _SUPPORTED_SCHEMAS[name]
    if _AZURE_HOST.search(schema.lower()):
        return Unsupported(name)
    return None


def _kind_of_shape(document: Mapping[object, object]) -> Kind | Unsupported | None:
    kind = document.get("type")
    jobs = document.get("jobs")
    if isinstance(jobs, Mapping):
        looks_like_jobs = all(isinstance(job, Mapping) and _JOB_KEYS & set(job) for job in jobs.values())
        return Kind.PIPELINE if kind == "pipeline" or (looks_like_jobs and jobs) else None
    if not isinstance(kind, str):
        kind = None
    if kind in _SUPPORTED_TYPES:
        return _SUPPORTED_TYPES[kind]
    if kind in _DATA_TYPES and "path" in document:
        return Kind.DATA
    if isinstance(document.get("command"), str) and {"environment", "inputs", "outputs"} & set(document):
        return Kind.COMPONENT if "name" in document or kind == "command" else None
    if kind == "command" and {"name", "inputs", "outputs", "code", "environment"} & set(document):
        return Kind.COMPONENT  # whose `command:` is missing or misspelt, which its schema tells
    if "name" in document and ("conda_file" in document or isinstance(document.get("build"), Mapping)):
        return Kind.ENVIRONMENT
    if kind in _UNSUPPORTED_TYPES and {"experiment_name", "compute", "inputs"} & set(document):
        return Unsupported(f"{kind} job")
    return None
