"""Pipelines from their documents: jobs, bindings, pipeline inputs."""

from __future__ import annotations

import re
from typing import Any

from reconciler.manifests.component import check_command, component, environment_at
from reconciler.manifests.fields import (
    Reading,
    identity,
    reference_at,
    timeout_of,
    variables_of,
    version_of,
)
from reconciler.manifests.resources import resources_of
from reconciler.manifests.sweep import sweep
from reconciler.model.digests import digest_of
from reconciler.model.manifests import DATA_TYPES, Component, InputPort, OutputPort
from reconciler.model.pipelines import (
    Binding,
    FromData,
    FromPipelineInput,
    FromStep,
    Job,
    Literal,
    OnNewRevision,
    Pipeline,
    PipelineInput,
)
from reconciler.model.problems import Code, Pointer
from reconciler.model.references import Reference

_INPUT = re.compile(r"^\$\{\{\s*(?:parent\.)?inputs\.([A-Za-z0-9_.]+?)(?:\.path)?\s*\}\}$")
_OUTPUT = re.compile(r"^\$\{\{\s*(?:parent\.)?jobs\.([A-Za-z0-9_]+)\.outputs\.([A-Za-z0-9_.]+?)(?:\.path)?\s*\}\}$")
_DEPENDS_ON = "reconciler.depends_on"
_ON_NEW_REVISION = "reconciler.on_new_revision"


def pipeline(document: dict[str, Any], reading: Reading, default_name: str) -> Pipeline:
    """A pipeline with its jobs as written; whether its references lead anywhere is planning's question."""
    settings = document.get("settings") or {}
    name = str(document.get("name") or default_name)
    return Pipeline(
        file=reading.file,
        name=name,
        version=version_of(document, reading),
        description=document.get("description") or "",
        identity=identity(document),
        experiment=document.get("experiment_name") or name,
        inputs=tuple(_pipeline_input(key, written, reading) for key, written in (document.get("inputs") or {}).items()),
        jobs=tuple(_job(key, written, reading) for key, written in document["jobs"].items()),
        continue_on_step_failure=settings.get("continue_on_step_failure", False),
        force_rerun=settings.get("force_rerun", False),
        on_new_revision=_on_new_revision(document, reading),
    )


def _on_new_revision(document: dict[str, Any], reading: Reading) -> OnNewRevision:
    """`on_new_revision`, or `properties: {reconciler.on_new_revision: …}`, which Azure ML accepts too."""
    named = document.get("on_new_revision", (document.get("properties") or {}).get(_ON_NEW_REVISION))
    if named is None:
        return OnNewRevision.FINISH
    try:
        return OnNewRevision(named)
    except ValueError:
        message, hint = f"`{_ON_NEW_REVISION}` is {named!r}", f"write {' or '.join(OnNewRevision)}"
        reading.error(Code.INVALID_VALUE, message, hint, ("properties", _ON_NEW_REVISION))
        return OnNewRevision.FINISH


def _pipeline_input(name: str, written: Any, reading: Reading) -> PipelineInput:
    pointer = ("inputs", name)
    if not isinstance(written, dict):
        bound = binding(written, reading, pointer)
        return PipelineInput(name, bound if isinstance(bound, Literal | FromData) else None)
    kind = written.get("type")
    if "path" in written:
        return PipelineInput(name, _data(written, reading, pointer), kind)
    value = written.get("value", written.get("default"))
    return PipelineInput(name, None if value is None else Literal(value), kind)


def _job(name: str, written: dict[str, Any], reading: Reading) -> Job:
    pointer = ("jobs", name)
    is_sweep = written.get("type") == "sweep"
    key = "trial" if is_sweep else "component"
    inputs = []
    for port, value in (written.get("inputs") or {}).items():
        bound = binding(value, reading, (*pointer, "inputs", port))
        if bound is not None:
            inputs.append((port, bound))
    return Job(
        name=name,
        component=_component_of(name, key, written, reading),
        inputs=tuple(inputs),
        outputs=tuple(written.get("outputs") or ()),
        depends_on=_depends_on(written, reading, pointer),
        environment=environment_at(written, reading, (*pointer, "environment"), name) if key in written else None,
        variables=variables_of(written),
        timeout_seconds=timeout_of(written),
        sweep=sweep(written, reading, pointer) if is_sweep else None,
        resources=resources_of(written, reading, pointer),
    )


def _depends_on(written: dict[str, Any], reading: Reading, pointer: Pointer) -> tuple[str, ...]:
    """`depends_on`, or `properties: {reconciler.depends_on: "a, b"}`, which Azure ML accepts too."""
    named = written.get("depends_on", (written.get("properties") or {}).get(_DEPENDS_ON, []))
    names = named.split(",") if isinstance(named, str) else named
    if not isinstance(names, list):
        message = f"`{_DEPENDS_ON}` must be text, not {names!r}"
        hint = f'write `{_DEPENDS_ON}: "job, other_job"`'
        reading.error(Code.INVALID_VALUE, message, hint, (*pointer, "properties", _DEPENDS_ON))
        return ()
    return tuple(stripped for item in names if (stripped := str(item).strip()))


def _component_of(name: str, key: str, written: dict[str, Any], reading: Reading) -> Reference | Component:
    pointer = ("jobs", name)
    named = written.get(key)
    if isinstance(named, str):
        reference = reference_at(named, reading, (*pointer, key))
        return reference or Reference(named, path=named)
    if isinstance(named, dict):
        return component(named, reading.within((*pointer, key)), name)
    return _inline_command(name, written, reading)


def _inline_command(name: str, written: dict[str, Any], reading: Reading) -> Component:
    """A job with its own command: its interface is what it binds."""
    pointer = ("jobs", name)
    inputs = tuple(_port_of(port, value) for port, value in (written.get("inputs") or {}).items() if value is not None)
    outputs = tuple(
        OutputPort(port, value.get("type", "uri_folder") if isinstance(value, dict) else "uri_folder")
        for port, value in (written.get("outputs") or {}).items()
    )
    read = Component(
        file=reading.file,
        name=name,
        version=None,
        description=written.get("description") or "",
        identity=digest_of([written["command"], written.get("code")]),
        inputs=inputs,
        outputs=outputs,
        command=written["command"],
        code=written.get("code"),
        environment=environment_at(written, reading, (*pointer, "environment"), name),
        is_deterministic=written.get("is_deterministic", True),
    )
    check_command(read, reading, (*pointer, "command"))
    return read


def _port_of(name: str, value: Any) -> InputPort:
    """The port that an inline job's binding implies; of what kind the bound thing is, planning finds out."""
    if isinstance(value, dict):
        return InputPort(name, value.get("type", "uri_folder"))
    if isinstance(value, str) and (_OUTPUT.match(value) or _INPUT.match(value)):
        return InputPort(name, "any")
    return InputPort(name, "string")


def binding(written: Any, reading: Reading, pointer: Pointer) -> Binding | None:
    """What an input is bound to; None for an empty one, or with a problem noted."""
    if written is None:
        return None
    if isinstance(written, dict):
        if "path" in written:
            bound = binding(written["path"], reading, pointer) if "${{" in written["path"] else None
            return bound or _data(written, reading, pointer)
        value = written.get("value", written.get("default"))
        return None if value is None else Literal(value)
    if isinstance(written, str):
        return _text_binding(written, reading, pointer)
    return Literal(written)


def _text_binding(written: str, reading: Reading, pointer: Pointer) -> Binding | None:
    if matched := _INPUT.match(written):
        return FromPipelineInput(matched[1])
    if matched := _OUTPUT.match(written):
        return FromStep(matched[1], matched[2])
    if written.startswith("${{") and written.endswith("}}") and written.count("${{") == 1:
        hint = "write `${{parent.inputs.x}}` or `${{parent.jobs.job.outputs.x}}`"
        reading.error(Code.UNRESOLVED_BINDING, f"`{written}` is bound to nothing", hint, pointer)
        return None
    if _is_reference(written):
        reference = reference_at(written, reading, pointer)
        return FromData("uri_folder", reference=reference) if reference else None
    return Literal(written)


def _is_reference(text: str) -> bool:
    """Whether a text names a data asset; `azureml://datastores/…` is a path, if one that cannot be read from here."""
    return text.startswith("azureml:") and (
        text.startswith("azureml://registries/") or not text.startswith("azureml://")
    )


def _data(written: dict[str, Any], reading: Reading, pointer: Pointer) -> FromData | None:
    path = written["path"]
    kind = written.get("type", "uri_folder")
    if kind not in DATA_TYPES:
        reading.error(Code.TYPE_MISMATCH, f"a {kind} has no `path`", "write the value itself", pointer)
        return None
    if _is_reference(path):
        reference = reference_at(path, reading, (*pointer, "path"))
        return FromData(kind, reference=reference) if reference else None
    return FromData(kind, path=path.removeprefix("file:") if "://" not in path else path)
