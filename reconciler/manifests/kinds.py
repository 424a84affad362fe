"""Which form of manifest a document has: by `$schema`, by `type`, by shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.manifests import MODEL_TYPES


class Form(StrEnum):
    """A form of manifest; the value names its schema in `schemas/`."""

    COMPONENT = "component"
    PIPELINE_COMPONENT = "pipeline-component"
    ENVIRONMENT = "environment"
    DATA = "data"
    PIPELINE = "pipeline"
    COMMAND_JOB = "command-job"
    SWEEP_JOB = "sweep-job"
    SCHEDULE = "schedule"
    MODEL = "model"
    COMPUTE = "compute"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A manifest of a kind that is recognised and refused by name, such as `spark jobs`."""

    name: str
    why: str = "nothing here can carry them out"


_Document = Mapping[object, object]
_SCHEMAS = {
    "commandcomponent": Form.COMPONENT,
    "pipelinecomponent": Form.PIPELINE_COMPONENT,
    "pipelinejob": Form.PIPELINE,
    "commandjob": Form.COMMAND_JOB,
    "sweepjob": Form.SWEEP_JOB,
}
# Words that other tools have schemas for too: believed of any host only where the shape agrees.
_COMMON_SCHEMAS = {
    "environment": (Form.ENVIRONMENT, {"image", "build", "conda_file"}),
    "data": (Form.DATA, {"path"}),
    "asset": (Form.DATA, {"path"}),
    "model": (Form.MODEL, {"path"}),
    "schedule": (Form.SCHEDULE, {"trigger", "create_job"}),
    "component": (Form.COMPONENT, {"command"}),
    "pipeline": (Form.PIPELINE, {"jobs"}),
    **{str(form): (form, {"command", "jobs", "trial"}) for form in Form if "-" in form},
}
_COMPUTES = {
    "amlcompute",
    "computeinstance",
    "compute",
    "kubernetescompute",
    "virtualmachinecompute",
    "synapsesparkcompute",
}
_OUR_HOST = re.compile("azureml|reconciler|machinelearning")
_DATA_TYPES = {"uri_file", "uri_folder", "mltable"}
_COMPUTE_TYPES = {"amlcompute", "computeinstance"}
_COMPUTE_KEYS = {"name", "size", "min_instances", "max_instances"}
_ENVIRONMENT_KEYS = {
    *("name", "version", "description", "tags", "properties", "image", "conda_file", "build", "os_type"),
    *("inference_config", "type", "display_name", "$schema"),
}
_JOB_KEYS = {"component", "trial", "command"}
_ONLY_OF_JOBS = {"compute", "experiment_name", "services", "identity", "queue_settings", "resources"}

_CLUSTER = "steps run on this machine's engine, not on a cluster"
_SERVING = "models are trained and registered here, not served"
_PLATFORM = "there is no Azure workspace behind this"
_OTHER_SCHEDULES = (
    ("create_monitor", "model monitors", _SERVING),
    ("import_data", "data imports", "name the data by its URL in a data asset"),
)
_UNSUPPORTED_WORDS = (
    (re.compile("spark"), "spark", _CLUSTER),
    (re.compile("parallel"), "parallel", "write a command that goes through its files itself"),
    (re.compile("automl"), "automl", "choose the algorithm in a command, or sweep over several"),
    (re.compile("import"), "import", "name the data by its URL in a data asset"),
    (re.compile("datatransfer|data_transfer"), "data transfer", "copy in a command"),
    (re.compile("finetuning"), "finetuning", "train in a command"),
    (re.compile("distillation"), "distillation", "train in a command"),
)
_TEMPLATE = Unsupported("templates", "another tool fills in what stands in `{{ }}`")
UNSUPPORTED_TYPES = {"spark", "parallel", "automl", "import", "data_transfer", "finetuning", "distillation"}


def form_of_document(document: _Document) -> Form | Unsupported | None:
    """The form, or None for a YAML file that is no manifest at all and is left alone."""
    if "trigger" in document:
        for key, name, why in _OTHER_SCHEDULES:
            if key in document:
                return Unsupported(name, why)
    schema = document.get("$schema")
    form = _form_of_schema(schema, document) if isinstance(schema, str) else None
    form = form or _form_of_shape(document)
    return _TEMPLATE if isinstance(form, Form) and _is_template(document) else form


def _is_template(document: _Document) -> bool:
    """Whether even the name is filled in by another tool, as with `{{asset.name}}`."""
    name = document.get("name")
    return isinstance(name, str) and name.startswith("{{") and name.endswith("}}")


def unsupported_of_schema(schema: str) -> Unsupported | None:
    """The kind that a schema says, where it is none that is supported; for files that cannot be read."""
    form = _form_of_schema(schema, {"type": ""})
    return form if isinstance(form, Unsupported) else None


def unsupported_job(kind: str) -> Unsupported:
    """What is said of a job of a kind that cannot run here."""
    return _unsupported(kind, "jobs")


def _form_of_schema(schema: str, document: _Document) -> Form | Unsupported | None:
    written = schema.partition("#")[0].rstrip("/").rpartition("/")[2]
    name = re.sub(r"(\.schema)?(\.json|\.ya?ml)?$", "", written, flags=re.IGNORECASE)
    lower = name.lower()
    if lower in _SCHEMAS:
        kind = document.get("type")
        if isinstance(kind, str) and kind in UNSUPPORTED_TYPES:
            return _unsupported(kind, "components" if "component" in lower else "jobs")
        return _form_said(_SCHEMAS[lower], document)
    is_ours = _OUR_HOST.search(schema.lower()) is not None
    if lower in _COMMON_SCHEMAS:
        form, keys = _COMMON_SCHEMAS[lower]
        return form if is_ours or keys & document.keys() else None
    if lower in _COMPUTES and (is_ours or "type" in document):
        return Form.COMPUTE
    if is_ours or _is_known_elsewhere(lower):
        return _unsupported(name, "")
    return None


def _form_said(form: Form, document: _Document) -> Form:
    """What a schema says, unless the document plainly is another form: examples are copied with their first line."""
    if isinstance(document.get("jobs"), Mapping) and form in (Form.COMPONENT, Form.COMMAND_JOB, Form.SWEEP_JOB):
        return Form.PIPELINE_COMPONENT if form is Form.COMPONENT else Form.PIPELINE
    if form is Form.PIPELINE_COMPONENT and "jobs" not in document and "command" in document:
        return Form.COMPONENT
    if form is Form.COMMAND_JOB and document.get("type") == "sweep":
        return Form.SWEEP_JOB
    if form is Form.PIPELINE and "jobs" not in document and document.get("type") == "command":
        return Form.COMMAND_JOB
    return form


def _is_known_elsewhere(name: str) -> bool:
    return name.endswith(("onlinedeployment", "batchdeployment", "onlineendpoint", "batchendpoint", "sparkjob"))


def _form_of_shape(document: _Document) -> Form | Unsupported | None:
    kind = document.get("type")
    kind = kind if isinstance(kind, str) else None
    if "jobs" in document or kind == "pipeline":
        return _form_of_jobs(document, kind)
    if "trigger" in document and "create_job" in document:
        return Form.SCHEDULE
    if kind in _DATA_TYPES and "path" in document:
        return Form.DATA
    if kind in MODEL_TYPES and "path" in document:
        return Form.MODEL
    if "trial" in document and {"search_space", "objective"} & document.keys():
        return Form.SWEEP_JOB
    if kind == "sweep" and {"search_space", "objective", "inputs", "compute"} & document.keys():
        return Form.SWEEP_JOB
    if isinstance(document.get("command"), str) or kind == "command":
        return _form_of_command(document, kind)
    if "name" in document and ("conda_file" in document or _has_build(document)):
        return Form.ENVIRONMENT
    if {"name", "image"} <= document.keys() <= _ENVIRONMENT_KEYS and isinstance(document.get("build", {}), Mapping):
        return Form.ENVIRONMENT
    if kind in _COMPUTE_TYPES and _COMPUTE_KEYS & document.keys():
        return Form.COMPUTE
    if kind in UNSUPPORTED_TYPES and {"experiment_name", "compute", "inputs", "task"} & document.keys():
        return _unsupported(str(kind), "components" if "task" in document and kind == "parallel" else "jobs")
    return None


def _form_of_jobs(document: _Document, kind: str | None) -> Form | None:
    jobs = document.get("jobs")
    if isinstance(jobs, Mapping):
        looks_like_jobs = all(
            isinstance(job, Mapping) and (_JOB_KEYS & job.keys() or job.get("type") in UNSUPPORTED_TYPES)
            for job in jobs.values()
        )
        if kind != "pipeline" and not (looks_like_jobs and jobs):
            return None
    elif kind != "pipeline":
        return None
    is_job = bool((_ONLY_OF_JOBS | {"settings", "component"}) & document.keys())
    return Form.PIPELINE_COMPONENT if not is_job and _declares_inputs(document) else Form.PIPELINE


def _form_of_command(document: _Document, kind: str | None) -> Form | None:
    """A component unless it has what only a job has; without `command:` it may be misspelt, which its schema tells."""
    if kind != "command" and not ({"environment", "inputs", "outputs"} & document.keys()):
        return None
    if kind == "command" and isinstance(document.get("command"), str):
        return _component_or_job(document)
    if kind == "command" and not ({"name", "inputs", "outputs", "code", "environment"} & document.keys()):
        return None
    if kind != "command" and "name" not in document and not (_ONLY_OF_JOBS & document.keys()):
        return None
    return _component_or_job(document)


def _component_or_job(document: _Document) -> Form:
    if _declares_inputs(document):
        return Form.COMPONENT
    return Form.COMMAND_JOB if _ONLY_OF_JOBS & document.keys() or _binds_inputs(document) else Form.COMPONENT


def _declares_inputs(document: _Document) -> bool:
    """Whether an input is declared without a value, as only a component may."""
    return any(
        isinstance(port, Mapping) and "type" in port and not ({"path", "value", "default"} & port.keys())
        for port in _inputs(document)
    )


def _binds_inputs(document: _Document) -> bool:
    return any(not isinstance(port, Mapping) or "path" in port for port in _inputs(document))


def _inputs(document: _Document) -> list[object]:
    inputs = document.get("inputs")
    return list(inputs.values()) if isinstance(inputs, Mapping) else []


def _has_build(document: _Document) -> bool:
    build = document.get("build")
    return isinstance(build, Mapping) and "path" in build


def _unsupported(name: str, suffix: str) -> Unsupported:
    lower = name.lower()
    if lower.startswith(("azureblob", "azurefile", "azuredatalake", "onelake")):
        return Unsupported("datastores", "reconciler.yaml says under `datastores:` what stands for each")
    for pattern, word, why in _UNSUPPORTED_WORDS:
        if pattern.search(lower):
            what = suffix or ("components" if "component" in lower else "jobs")
            return Unsupported(f"{word} {what}", why)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() + ("" if lower.endswith("s") else "s")
    is_serving = "endpoint" in lower or "deployment" in lower
    return Unsupported(f"{words} {suffix}".strip(), _SERVING if is_serving else _PLATFORM)
