"""Inputs that a schedule gives its job; they may name the time at which it fires."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.manifests.bindings import binding
from reconciler.manifests.fields import Reading
from reconciler.model.pipelines import FromData, Literal
from reconciler.model.problems import Code, Pointer
from reconciler.model.schedules import TRIGGER_TIME

Given = tuple[tuple[str, Literal | FromData], ...]
_CONTEXT = re.compile(r"\$\{\{\s*creation_context\.(\w+)\s*\}\}")
_STAND_IN = "{{trigger_time}}"  # which no binding is taken for


def overridden_inputs(written: Mapping[str, Any], reading: Reading, pointer: Pointer) -> Given:
    """The inputs as literals and data, with the time of the trigger as `TRIGGER_TIME`."""
    given: list[tuple[str, Literal | FromData]] = []
    for name, value in written.items():
        place = (*pointer, name)
        if not _is_context_known(value, reading, place):
            continue
        bound = binding(_changed(value, _CONTEXT, _STAND_IN), reading, place)
        if isinstance(bound, Literal):
            text = bound.value
            given.append((name, Literal(text.replace(_STAND_IN, TRIGGER_TIME)) if isinstance(text, str) else bound))
        elif isinstance(bound, FromData):
            path = bound.path.replace(_STAND_IN, TRIGGER_TIME) if bound.path else bound.path
            given.append((name, replace(bound, path=path)))
        elif bound is not None:
            message = f"the input `{name}` of a schedule is bound to something inside of its job"
            hint = f"give it a literal, a path, a data asset or `{TRIGGER_TIME}`"
            reading.error(Code.UNRESOLVED_BINDING, message, hint, place)
    return tuple(given)


def own_inputs(document: dict[str, Any], reading: Reading) -> tuple[Given, dict[str, Any]]:
    """The inputs of a job inside a schedule that name the time of the trigger, and the job without their values."""
    inputs = document.get("inputs")
    if not isinstance(inputs, Mapping):
        return (), document
    timed = {name: value for name, value in inputs.items() if any(_CONTEXT.search(text) for text in _texts(value))}
    if not timed:
        return (), document
    blank = {name: _without_time(inputs[name]) for name in timed}
    return overridden_inputs(timed, reading, ("inputs",)), {**document, "inputs": {**inputs, **blank}}


def _without_time(written: Any) -> Any:
    if isinstance(written, Mapping):
        return {key: value for key, value in written.items() if key not in ("path", "value", "default")}
    return {"type": "string"}


def _is_context_known(written: Any, reading: Reading, pointer: Pointer) -> bool:
    for text in _texts(written):
        for matched in _CONTEXT.finditer(text):
            if matched[1] != "trigger_time":
                message = f"`{matched[0]}` cannot be filled in"
                reading.error(Code.UNRESOLVED_BINDING, message, f"write `{TRIGGER_TIME}`", pointer)
                return False
    return True


def _texts(written: Any) -> list[str]:
    values = written.values() if isinstance(written, Mapping) else [written]
    return [value for value in values if isinstance(value, str)]


def _changed(written: Any, pattern: re.Pattern[str], by: str) -> Any:
    if isinstance(written, Mapping):
        return {key: _changed(value, pattern, by) for key, value in written.items()}
    return pattern.sub(by, written) if isinstance(written, str) else written
