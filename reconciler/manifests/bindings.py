"""What inputs are bound to and what becomes of outputs, as jobs and pipelines write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.manifests.assets import path_of
from reconciler.manifests.fields import Reading, reference_at
from reconciler.model.literals import literal_problem
from reconciler.model.manifests import DATA_TYPES, LITERAL_TYPES, InputPort, OutputPort, Scalar
from reconciler.model.pipelines import (
    Binding,
    FromData,
    FromPipelineInput,
    FromStep,
    JobOutput,
    Literal,
    PipelineInput,
)
from reconciler.model.problems import Code, Pointer

ANY = "any"  # the type of a port that only its binding implies
_INPUT = re.compile(r"^\s*\$\{\{\s*(?:parent\.)?inputs\.([A-Za-z0-9_.]+?)(?:\.path)?\s*\}\}\s*$")
_OUTPUT = re.compile(
    r"^\s*\$\{\{\s*(?:parent\.)?jobs\.([A-Za-z0-9_.-]+)\.outputs\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*?)(?:\.path)?\s*\}\}\s*$"
)
_NAME = re.compile(r"\$\{\{\s*name\s*\}\}")
_OF_AZURE = re.compile(r"\$\{\{\s*(?:name|output_name|default_datastore)\s*\}\}")
_PARENT_OUTPUT = re.compile(r"^\s*\$\{\{\s*(?:parent\.)?outputs\.([A-Za-z0-9_.]+?)(?:\.path)?\s*\}\}\s*$")


def bound_inputs(written: Mapping[str, Any], reading: Reading, pointer: Pointer) -> tuple[tuple[str, Binding], ...]:
    """The inputs of a job that are bound to something."""
    bound = ((name, binding(value, reading, (*pointer, name))) for name, value in written.items())
    return tuple((name, value) for name, value in bound if value is not None)


def binding(written: Any, reading: Reading, pointer: Pointer) -> Binding | None:
    """What an input is bound to; None for an empty one, or with a problem noted."""
    if written is None:
        return None
    if isinstance(written, dict):
        if "path" in written:
            is_expression = "${{" in written["path"]
            return (
                _text_binding(written["path"], reading, pointer) if is_expression else _data(written, reading, pointer)
            )
        value = written.get("value", written.get("default"))
        return _text_binding(value, reading, pointer) if isinstance(value, str) else _literal(value)
    if isinstance(written, str):
        return _text_binding(written, reading, pointer)
    return Literal(written)


def _literal(value: Scalar | None) -> Literal | None:
    return None if value is None else Literal(value)


def _text_binding(written: str, reading: Reading, pointer: Pointer) -> Binding | None:
    if matched := _INPUT.match(written):
        return FromPipelineInput(matched[1])
    if matched := _OUTPUT.match(written):
        return FromStep(matched[1], matched[2])
    stripped = written.strip()
    if _NAME.fullmatch(stripped):
        return Literal(stripped)
    if stripped.startswith("${{") and stripped.endswith("}}") and stripped.count("${{") == 1:
        hint = "write `${{parent.inputs.x}}` or `${{parent.jobs.job.outputs.x}}`"
        reading.error(Code.UNRESOLVED_BINDING, f"`{written}` is bound to nothing", hint, pointer)
        return None
    if _is_reference(written):
        reference = reference_at(written, reading, pointer)
        return FromData("", reference=reference, file=reading.file) if reference else None
    return Literal(written)


def _is_reference(text: str) -> bool:
    """Whether a text names a data asset; `azureml://datastores/…` is a path."""
    return text.startswith("azureml:") and (
        text.startswith("azureml://registries/") or not text.startswith("azureml://")
    )


def _data(written: dict[str, Any], reading: Reading, pointer: Pointer) -> FromData | None:
    path = written["path"]
    kind = written.get("type", "")
    if kind and kind not in DATA_TYPES:
        reading.error(Code.TYPE_MISMATCH, f"a {kind} has no `path`", "write the value itself", pointer)
        return None
    if _is_reference(path):
        reference = reference_at(path, reading, (*pointer, "path"))
        return FromData(kind, reference=reference, file=reading.file) if reference else None
    return FromData(kind, path=path_of(path), file=reading.file)


def implied_ports(written: Mapping[str, Any]) -> tuple[InputPort, ...]:
    """The interface that a job with its own command has: what it binds."""
    return tuple(_implied_port(name, value) for name, value in written.items() if value is not None)


def _implied_port(name: str, value: Any) -> InputPort:
    """The port that a binding implies; of what kind the bound thing is, planning finds out."""
    if isinstance(value, dict):
        if "path" in value or value.get("type") in DATA_TYPES:
            return InputPort(name, value.get("type", "uri_folder"), is_optional=bool(value.get("optional")))
        return InputPort(
            name,
            value.get("type", "string"),
            is_optional=bool(value.get("optional")),
            minimum=value.get("min"),
            maximum=value.get("max"),
            enum=tuple(value.get("enum") or ()),
        )
    if isinstance(value, str) and (_OUTPUT.match(value) or _INPUT.match(value) or _is_reference(value)):
        return InputPort(name, ANY)
    return InputPort(name, "string")


def implied_outputs(written: Mapping[str, Any]) -> tuple[OutputPort, ...]:
    return tuple(
        OutputPort(name, value.get("type", "uri_folder") if isinstance(value, dict) else "uri_folder")
        for name, value in written.items()
    )


def pipeline_inputs(written: Mapping[str, Any], reading: Reading) -> tuple[PipelineInput, ...]:
    """The inputs of a pipeline with their values; a value must be of the type that is declared beside it."""
    return tuple(_pipeline_input(name, value, reading) for name, value in written.items())


def _pipeline_input(name: str, written: Any, reading: Reading) -> PipelineInput:
    pointer = ("inputs", name)
    bound = binding(written, reading, pointer)
    if isinstance(bound, FromPipelineInput | FromStep):
        message = f"the pipeline's own input `{name}` is bound to something inside of it"
        reading.error(Code.UNRESOLVED_BINDING, message, "give it a literal, a path or a data asset", pointer)
        bound = None
    kind = written.get("type") if isinstance(written, dict) else None
    if kind in LITERAL_TYPES and isinstance(bound, Literal):
        port = InputPort(
            name,
            kind,
            minimum=written.get("min"),
            maximum=written.get("max"),
            enum=tuple(written.get("enum", ())),
        )
        wrong = literal_problem(port, bound.value)
        if wrong:
            reading.error(Code.INVALID_VALUE, wrong[0], wrong[1], pointer)
    return PipelineInput(name, bound, kind)


def outputs_of(written: Mapping[str, Any], reading: Reading, pointer: Pointer) -> tuple[JobOutput, ...]:
    """What becomes of the outputs of a job or a pipeline."""
    return tuple(_output(name, value, reading, (*pointer, name)) for name, value in written.items())


def parent_output(written: str) -> str | None:
    """The output of the pipeline that `${{parent.outputs.x}}` names, None for anything else."""
    matched = _PARENT_OUTPUT.match(written)
    return matched[1] if matched else None


def _output(name: str, written: Any, reading: Reading, pointer: Pointer) -> JobOutput:
    if written is None:
        return JobOutput(name)
    if isinstance(written, str):
        return _bound_output(name, "", written, reading, pointer)
    path = written.get("path")
    kind = written.get("type", "")
    if isinstance(path, str) and _PARENT_OUTPUT.match(path):
        return _bound_output(name, kind, path, reading, pointer)
    version = written.get("version")
    return JobOutput(
        name,
        kind,
        asset_name=written.get("name", ""),
        asset_version=None if version is None else str(version),
        path=path,
    )


def _bound_output(name: str, kind: str, written: str, reading: Reading, pointer: Pointer) -> JobOutput:
    matched = _PARENT_OUTPUT.match(written)
    if matched:
        return JobOutput(name, kind, parent=matched[1])
    if "${{" in _OF_AZURE.sub("", written):
        hint = "write `${{parent.outputs.x}}`"
        reading.error(Code.UNRESOLVED_BINDING, f"`{written}` is no output of the pipeline", hint, pointer)
        return JobOutput(name, kind)
    return JobOutput(name, kind, path=written)
