"""Jobs: the nodes of pipelines, and those that stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.manifests.bindings import ANY, bound_inputs, implied_outputs, implied_ports, outputs_of, parent_output
from reconciler.manifests.component import check_command, component, environment_at
from reconciler.manifests.fields import (
    Reading,
    check_name,
    check_names,
    identity,
    input_ports,
    output_ports,
    reference_at,
    shared_fields,
    timeout_of,
    variables_of,
)
from reconciler.manifests.kinds import UNSUPPORTED_TYPES, unsupported_job
from reconciler.manifests.resources import resources_of
from reconciler.manifests.run_settings import includes_of, no_effect, processes_of, retries_of
from reconciler.manifests.sweep import sweep
from reconciler.model.digests import digest_of
from reconciler.model.manifests import Component, InputPort
from reconciler.model.pipelines import Job, PipelineComponent
from reconciler.model.problems import Code, Pointer
from reconciler.model.references import Reference

_DEPENDS_ON = "reconciler.depends_on"
_OF_SWEEPS = {"trial", "search_space", "objective"}


def jobs_of(document: Mapping[str, Any], reading: Reading) -> tuple[Job, ...]:
    """The nodes of a pipeline as written; whether their references lead anywhere is planning's question."""
    written = document["jobs"]
    outputs = document.get("outputs") or {}
    check_names("job", written, reading, ("jobs",))
    return tuple(
        job(name, _with_types(described, outputs), reading, ("jobs", name)) for name, described in written.items()
    )


def _with_types(written: dict[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    """A job whose own outputs are of the type that the pipeline declares for those that they are bound to."""
    outputs = written.get("outputs")
    if "component" in written or not isinstance(outputs, dict):
        return written
    return {**written, "outputs": {name: _with_type(output, outer) for name, output in outputs.items()}}


def _with_type(output: object, outer: Mapping[str, Any]) -> object:
    path = output.get("path") if isinstance(output, dict) else output
    above = outer.get(parent_output(path) or "") if isinstance(path, str) else None
    if not isinstance(above, dict) or "type" not in above:
        return output
    return {"type": above["type"], **(output if isinstance(output, dict) else {"path": path})}


def pipeline_component(document: dict[str, Any], reading: Reading, default_name: str) -> PipelineComponent:
    """Jobs with an interface of their own."""
    if "name" in document:
        check_name("component", str(document["name"]), reading, ("name",))
    if document.get("is_deterministic") is False:
        message, hint = "a pipeline as a whole is reused by no one", "write it in the components of its steps"
        reading.warning(Code.NO_EFFECT, message, hint, ("is_deterministic",))
    outputs = output_ports(document, reading)
    jobs = jobs_of(document, reading)
    check_parent_outputs(jobs, (port.name for port in outputs), "component", reading)
    return PipelineComponent(
        **shared_fields(document, reading, default_name),
        inputs=input_ports(document, reading),
        outputs=outputs,
        jobs=jobs,
    )


def job(name: str, written: dict[str, Any], reading: Reading, pointer: Pointer) -> Job:
    """One job; `pointer` is the way to it, which is () for one that stands alone."""
    kind = str(written.get("type") or ("sweep" if written.keys() >= _OF_SWEEPS else "command"))
    inputs = written.get("inputs") or {}
    if kind in UNSUPPORTED_TYPES:
        return _unsupported(name, kind, written, reading, pointer)
    no_effect(written, reading, pointer)
    key = "trial" if kind == "sweep" else "component"
    has_own_environment = kind != "sweep" and key in written
    return Job(
        name=name,
        component=_component_of(name, key, written, reading, pointer),
        inputs=bound_inputs(inputs, reading, (*pointer, "inputs")),
        outputs=outputs_of(written.get("outputs") or {}, reading, (*pointer, "outputs")),
        depends_on=_depends_on(written, reading, pointer),
        environment=environment_at(written, reading, (*pointer, "environment"), name) if has_own_environment else None,
        variables=variables_of(written),
        timeout_seconds=timeout_of(written),
        sweep=sweep(written, reading, pointer) if kind == "sweep" else None,
        resources=resources_of(written, reading, pointer),
        distribution=processes_of(written, reading, pointer),
        retries=retries_of(written),
        is_deterministic=written.get("is_deterministic"),
        file=reading.file,
        place=(*reading.place, *pointer),
    )


def _unsupported(name: str, kind: str, written: dict[str, Any], reading: Reading, pointer: Pointer) -> Job:
    said = unsupported_job(kind)
    hint = f"{said.why}; the pipeline's other steps are planned, but it does not run without this one"
    reading.warning(Code.UNSUPPORTED_KIND, f"{said.name} are not supported: job `{name}`", hint, (*pointer, "type"))
    return Job(
        name,
        None,
        inputs=bound_inputs(_texts(written.get("inputs")), reading, (*pointer, "inputs")),
        outputs=outputs_of(_texts(written.get("outputs")), reading, (*pointer, "outputs")),
        depends_on=_depends_on(written, reading, pointer),
        file=reading.file,
        place=(*reading.place, *pointer),
        unsupported=f"{said.name} are not supported",
    )


def _texts(written: object) -> dict[str, str]:
    """What is bound in a job that no schema was asked about."""
    items = written.items() if isinstance(written, dict) else ()
    paths = ((name, value.get("path") if isinstance(value, dict) else value) for name, value in items)
    return {str(name): path for name, path in paths if isinstance(path, str)}


def _depends_on(written: dict[str, Any], reading: Reading, pointer: Pointer) -> tuple[str, ...]:
    """`depends_on`, or `properties: {reconciler.depends_on: "a, b"}`, which Azure ML accepts too."""
    named = written.get("depends_on", (written.get("properties") or {}).get(_DEPENDS_ON, []))
    names = named.split(",") if isinstance(named, str) else named or []
    if not isinstance(names, list):
        message = f"`{_DEPENDS_ON}` must be text, not {names!r}"
        hint = f'write `{_DEPENDS_ON}: "job, other_job"`'
        reading.error(Code.INVALID_VALUE, message, hint, (*pointer, "properties", _DEPENDS_ON))
        return ()
    return tuple(stripped for item in names if (stripped := str(item).strip()))


def _component_of(
    name: str, key: str, written: dict[str, Any], reading: Reading, pointer: Pointer
) -> Reference | Component | PipelineComponent | None:
    named = written.get(key)
    if isinstance(named, str):
        return reference_at(named, reading, (*pointer, key))
    within = reading.within((*pointer, key))
    if isinstance(named, dict) and key == "trial":
        return _inline_trial(name, named, written, within)
    if isinstance(named, dict):
        return pipeline_component(named, within, name) if "jobs" in named else component(named, within, name)
    if "jobs" in written:
        return _inline_pipeline(name, written, reading.within(pointer))
    return inline_command(name, written, reading, pointer)


def inline_command(name: str, written: dict[str, Any], reading: Reading, pointer: Pointer) -> Component:
    """A job with its own command: its interface is what it binds."""
    read = Component(
        file=reading.file,
        name=name,
        version=None,
        description=written.get("description") or "",
        identity=digest_of([written["command"], written.get("code")]),
        place=(*reading.place, *pointer),
        inputs=implied_ports(written.get("inputs") or {}),
        outputs=implied_outputs(written.get("outputs") or {}),
        command=written["command"],
        code=written.get("code"),
        environment=environment_at(written, reading, (*pointer, "environment"), name),
        includes=includes_of(written, reading, pointer),
    )
    check_command(read, reading, (*pointer, "command"))
    return read


def _inline_trial(name: str, trial: dict[str, Any], job: dict[str, Any], reading: Reading) -> Component:
    """The trial of a sweep: without ports of its own, its interface is what the sweep binds."""
    declared = {
        key: port if isinstance(port, Mapping) else {"type": "string", "default": port}
        for key, port in (trial.get("inputs") or {}).items()
    }
    bound = {key: value for key, value in (job.get("inputs") or {}).items() if key not in declared}
    outputs = {**(job.get("outputs") or {}), **(trial.get("outputs") or {})}
    whole = {**trial, "inputs": declared, "outputs": {}}
    return component(whole, reading, name, extra_inputs=implied_ports(bound), extra_outputs=implied_outputs(outputs))


def _inline_pipeline(name: str, written: dict[str, Any], reading: Reading) -> PipelineComponent:
    """A node with jobs of its own: its interface is what it binds, empty or not."""
    inputs = written.get("inputs") or {}
    unset = (InputPort(key, ANY, is_optional=True) for key, value in inputs.items() if value is None)
    outputs = implied_outputs(written.get("outputs") or {})
    jobs = jobs_of(written, reading)
    check_parent_outputs(jobs, (port.name for port in outputs), "node", reading)
    return PipelineComponent(
        file=reading.file,
        name=name,
        version=None,
        description=written.get("description") or "",
        identity=identity(written),
        place=reading.place,
        inputs=(*(_as_declared(port) for port in implied_ports(inputs)), *unset),
        outputs=outputs,
        jobs=jobs,
    )


def check_parent_outputs(jobs: Iterable[Job], declared: Iterable[str], of: str, reading: Reading) -> None:
    """Note the outputs of jobs that are bound to an output which what they stand in does not declare."""
    known = set(declared)
    for each in jobs:
        for output in each.outputs:
            if output.parent and output.parent not in known:
                hint = f"add `{output.parent}:` under `outputs:` of the {of}"
                message = f"the {of} has no output `{output.parent}`"
                reading.error(Code.UNDECLARED_OUTPUT, message, hint, ("jobs", each.name, "outputs", output.name))


def _as_declared(port: InputPort) -> InputPort:
    return port if port.is_data else InputPort(port.name, ANY, is_optional=port.is_optional)
