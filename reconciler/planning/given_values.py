"""What the inputs of nested pipelines stand for: literals as they declare them, data, outputs of other jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.model.literals import coerce, literal_problem
from reconciler.model.manifests import InputPort
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import (
    Binding,
    FromData,
    FromPipelineInput,
    Job,
    Literal,
    Pipeline,
    PipelineComponent,
    PipelineInput,
)
from reconciler.model.problems import Code, Pointer, Problem

_PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.([A-Za-z0-9_.]+?)\s*\}\}")


class Told:
    """Stands for a value about which something was said already."""


TOLD = Told()
Given = Mapping[str, Binding | Told]


class GivenValues:
    """Hands values to nested pipelines and collects what is wrong with them."""

    def __init__(self, pipeline: Pipeline, problems: list[Problem]) -> None:
        self._pipeline = pipeline
        self._problems = problems
        self._inputs: dict[str, PipelineInput] = {given.name: given for given in pipeline.inputs}

    def filled(self, text: str, job: Job, given: Given, name: str) -> Binding | Told:
        """A text in which the inputs of a nested pipeline stand, with what they are bound to in their place."""
        is_told = False

        def fill(match: re.Match[str]) -> str:
            nonlocal is_told
            value = given.get(match[1])
            if isinstance(value, Literal):
                return str(value.value)
            if isinstance(value, FromPipelineInput):
                return f"${{{{parent.inputs.{value.name}}}}}"
            is_told = True
            if not isinstance(value, Told):
                message, hint = f"`{match[0]}` cannot be filled in", "only a literal input can stand inside a text"
                self._problem(job, Code.UNRESOLVED_BINDING, message, hint, ("inputs", name))
            return ""

        filled = Literal(_PARENT_INPUT.sub(fill, text))
        return TOLD if is_told else filled

    def of(
        self, job: Job, part: PipelineComponent | None, bound: Mapping[str, Binding | Told | None]
    ) -> dict[str, Binding | Told]:
        """What the inputs of a nested pipeline stand for inside of it."""
        ports = {port.name: port for port in part.inputs} if part else {}
        for name in bound:
            if name not in ports:
                hint = did_you_mean(name, ports, f"it has: {', '.join(ports) or 'none'}")
                message = f"component `{part.name if part else job.name}` has no input `{name}`"
                self._problem(job, Code.UNDECLARED_INPUT, message, hint, ("inputs", name))
        values: dict[str, Binding | Told] = {}
        defaults: dict[str, Binding] = {
            name: Literal(port.default) for name, port in ports.items() if port.default is not None
        }
        defaults.update(part.data if part else ())
        for name, port in ports.items():
            value = self._value(job, port, bound.get(name), defaults.get(name))
            if value is not None:
                values[name] = value
        return values

    def _value(
        self, job: Job, port: InputPort, bound: Binding | Told | None, default: Binding | None
    ) -> Binding | Told | None:
        if isinstance(bound, Told):
            return bound
        literal = bound
        if isinstance(bound, FromPipelineInput):
            if bound.name not in self._inputs:
                hint = did_you_mean(bound.name, self._inputs, "add it under `inputs:` of the pipeline")
                message = f"the pipeline has no input `{bound.name}`"
                self._problem(job, Code.UNRESOLVED_BINDING, message, hint, ("inputs", port.name))
                return TOLD
            literal = self._inputs[bound.name].value
        if bound is None or literal is None:
            return default or self._unset(job, port, is_bound=bound is not None)
        if port.type == "any":
            return bound
        if not isinstance(literal, Literal):
            if port.is_data:
                return bound
            return self._wrong_type(job, port, "data" if isinstance(literal, FromData) else "an output of a job")
        if "${{" in str(literal.value):
            return bound
        if port.is_data:
            if not isinstance(literal.value, str):
                return self._wrong_type(job, port, f"the literal {literal.value!r}")
            return FromData(port.type, path=literal.value, file=job.file)
        wrong = literal_problem(port, literal.value)
        if wrong:
            self._problem(job, Code.INVALID_VALUE, wrong[0], wrong[1], ("inputs", port.name))
            return TOLD
        fitted = coerce(port, literal.value)
        return bound if fitted is literal.value else Literal(fitted)

    def _unset(self, job: Job, port: InputPort, is_bound: bool) -> Told | None:
        if port.is_optional:
            return None
        if is_bound:
            message, hint = f"input `{port.name}` is bound to nothing", "give the pipeline's input a value"
            self._problem(job, Code.MISSING_INPUT, message, hint, ("inputs", port.name))
            return TOLD
        message = f"job `{job.name or self._pipeline.name}` needs the input `{port.name}` ({port.type})"
        self._problem(job, Code.MISSING_INPUT, message, f"add `{port.name}: …` under its `inputs:`", ("inputs",))
        return TOLD

    def _wrong_type(self, job: Job, port: InputPort, given: str) -> Told:
        message = f"`{port.name}` is declared as {port.type}, but {given} is bound to it"
        self._problem(job, Code.TYPE_MISMATCH, message, f"bind a value of type {port.type}", ("inputs", port.name))
        return TOLD

    def _problem(self, job: Job, code: Code, message: str, hint: str, pointer: Pointer) -> None:
        self._problems.append(problem_of(self._pipeline, job, code, message, hint, pointer))


def problem_of(pipeline: Pipeline, job: Job, code: Code, message: str, hint: str, pointer: Pointer) -> Problem:
    """A problem of a job, where it stands: in the pipeline, or in a component that is nested in it."""
    return Problem(job.file or pipeline.file, code, message, hint, (*job.place, *pointer))
