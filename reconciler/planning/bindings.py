"""The inputs of a job: literals with their values, data with their sources."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from reconciler.model.commands import expressions_in
from reconciler.model.literals import coerce, literal_problem
from reconciler.model.manifests import Component, InputPort, Scalar
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import (
    Binding,
    FromData,
    FromPipelineInput,
    FromStep,
    Job,
    Literal,
    Pipeline,
    PipelineInput,
)
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.model.references import Reference
from reconciler.model.runs import RegisteredData
from reconciler.model.steps import DataSource, InputSource, StepSource
from reconciler.model.versions import InvalidRangeError
from reconciler.planning.data_paths import data_source
from reconciler.planning.registered import registered_source, registered_version, registering
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.resolve import Registry

_NAME = re.compile(r"\$\{\{\s*name\s*\}\}")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.([A-Za-z0-9_.]+?)\s*\}\}")


@dataclass(frozen=True, slots=True)
class BoundInputs:
    """The inputs of one job, each bound to a literal or to a source of data; unset optional ones are absent."""

    literals: tuple[tuple[str, Scalar], ...]
    sources: tuple[tuple[str, InputSource], ...]
    ports: tuple[tuple[str, str], ...]


class JobBinder:
    """Binds the inputs of the jobs of one pipeline and collects the problems.

    Args:
        is_open: inputs of the pipeline that have no value will get one.
    """

    def __init__(self, registry: Registry, pipeline: Pipeline, is_open: bool = False) -> None:
        self._is_open = is_open
        self._registry = registry
        self._pipeline = pipeline
        self._inputs: dict[str, PipelineInput] = {given.name: given for given in pipeline.inputs}
        self._outputs: dict[str, Mapping[str, str]] = {}
        self._job: Job | None = None
        self.problems: list[Problem] = []
        self.waiting: dict[str, str] = {}  # for what jobs wait that another pipeline makes, by job

    @property
    def _file(self) -> str:
        """Where the job stands that is being bound: in the pipeline, or in a component that is nested in it."""
        return (self._job.file if self._job else "") or self._pipeline.file

    def declare_outputs(self, job: str, component: Component) -> None:
        """Tell which outputs a job has, before others bind to them."""
        self._outputs[job] = {port.name: port.type for port in component.outputs}

    def bind(self, job: Job, component: Component, is_told: Container[str] = ()) -> BoundInputs:
        """The inputs of a job; of some it `is_told` already why they are bound to nothing."""
        ports = {port.name: port for port in component.inputs}
        swept = {name for name, _ in job.sweep.search_space} if job.sweep else set()
        searched = {name for section, name in expressions_in(component.command) if section == "search_space"}
        self._job = job
        for name in swept - set(ports):
            if name not in searched:
                self._undeclared(job, name, ports, (*job.place, "search_space", name))
        if isinstance(job.component, Reference):  # of an inline trial its manifest tells
            self._check_searched(job, component, searched, swept)
        literals: dict[str, Scalar] = {}
        sources: dict[str, InputSource] = {}
        types: dict[str, str] = {}
        given = dict(job.inputs)
        told: set[str] = set()
        for name, binding in given.items():
            port = ports.get(name)
            if port is None:
                self._undeclared(job, name, ports, (*job.place, "inputs", name))
                continue
            count = len(self.problems)
            self._bind(job, port, binding, literals, sources)
            if len(self.problems) > count or self._comes_later(binding):
                told.add(name)
        for name, port in ports.items():
            is_unset = name not in literals and name not in sources and name not in swept
            if is_unset and name not in told and name not in is_told:
                self._unset(job, port, name in given, literals)
            if name in sources:
                types[name] = port.type
        return BoundInputs(
            tuple(sorted(literals.items())), tuple(sorted(sources.items())), tuple(sorted(types.items()))
        )

    def _comes_later(self, binding: Binding) -> bool:
        return self._is_open and isinstance(binding, FromPipelineInput)

    def _check_searched(self, job: Job, component: Component, searched: set[str], swept: set[str]) -> None:
        for name in sorted(searched - swept):
            hint = did_you_mean(name, dict.fromkeys(sorted(swept)), "add it to `search_space:`, or make it an input")
            message = f"component `{component.name}` wants `search_space.{name}`, which is not searched"
            self._problem(Code.UNRESOLVED_BINDING, message, hint, job.place)

    def _bind(
        self,
        job: Job,
        port: InputPort,
        binding: Binding,
        literals: dict[str, Scalar],
        sources: dict[str, InputSource],
    ) -> None:
        pointer = (*job.place, "inputs", port.name)
        value = self._through_pipeline(binding, pointer)
        match value:
            case None:
                return
            case FromStep():
                if not port.is_data and port.type != "any":
                    self._wrong_type(port, "an output of a job", pointer)
                elif self._output_exists(value, port, pointer):
                    sources[port.name] = StepSource(value.job, value.output)
            case FromData():
                if not port.is_data and port.type != "any":
                    self._wrong_type(port, "data", pointer)
                    return
                source = self._data(value, port, pointer)
                if source is not None:
                    sources[port.name] = source
                    self._check_type(port, source.type, pointer)
            case Literal():
                self._literal(port, value, literals, sources, pointer)

    def _through_pipeline(self, binding: Binding, pointer: Pointer) -> FromStep | FromData | Literal | None:
        if isinstance(binding, FromPipelineInput):
            given = self._inputs.get(binding.name)
            if given is None:
                hint = did_you_mean(binding.name, self._inputs, "add it under `inputs:` of the pipeline")
                self._problem(Code.UNRESOLVED_BINDING, f"the pipeline has no input `{binding.name}`", hint, pointer)
                return None
            if isinstance(given.value, Literal) and "${{" in str(given.value.value):
                return Literal(_NAME.sub(self._pipeline.name, str(given.value.value)))
            return given.value
        if isinstance(binding, Literal) and isinstance(binding.value, str) and "${{" in binding.value:
            return self._filled(binding.value, pointer)
        return binding

    def _filled(self, text: str, pointer: Pointer) -> Literal:
        """A literal with pipeline inputs in the middle of it, such as `run-${{parent.inputs.seed}}`."""

        count = len(self.problems)

        def fill(match: re.Match[str]) -> str:
            given = self._inputs.get(match[1])
            if given is not None and given.value is None and self._is_open:
                return ""
            if given is None or not isinstance(given.value, Literal):
                hint = "only a literal input of the pipeline can stand inside a text"
                self._problem(Code.UNRESOLVED_BINDING, f"`{match[0]}` cannot be filled in", hint, pointer)
                return ""
            return str(given.value.value)

        filled = _NAME.sub(self._job.name if self._job else "", _PARENT_INPUT.sub(fill, text))
        left = _EXPRESSION.search(filled)
        if left is not None and len(self.problems) == count:
            hint = "only `${{parent.inputs.x}}` and `${{name}}` can stand inside a text"
            self._problem(Code.UNRESOLVED_BINDING, f"`{left[0]}` cannot be filled in", hint, pointer)
        return Literal(filled)

    def _literal(
        self,
        port: InputPort,
        literal: Literal,
        literals: dict[str, Scalar],
        sources: dict[str, InputSource],
        pointer: Pointer,
    ) -> None:
        if port.is_data:
            if not isinstance(literal.value, str):
                self._wrong_type(port, f"the literal {literal.value!r}", pointer)
                return
            source = self._data(FromData(port.type, path=literal.value), port, pointer)
            if source is not None:
                sources[port.name] = source
            return
        wrong = literal_problem(port, literal.value)
        if wrong:
            self._problem(Code.INVALID_VALUE, wrong[0], wrong[1], pointer)
            return
        literals[port.name] = coerce(port, literal.value)

    def _unset(self, job: Job, port: InputPort, is_bound: bool, literals: dict[str, Scalar]) -> None:
        if port.default is not None:
            literals[port.name] = coerce(port, port.default)
            return
        pointer = (*job.place, "inputs")
        if port.is_optional:
            return
        if is_bound:
            hint = "give the pipeline's input a value"
            self._problem(Code.MISSING_INPUT, f"input `{port.name}` is bound to nothing", hint, (*pointer, port.name))
            return
        message = f"job `{job.name.removeprefix(job.prefix)}` needs the input `{port.name}` ({port.type})"
        self._problem(Code.MISSING_INPUT, message, f"add `{port.name}: …` under its `inputs:`", pointer)

    def _output_exists(self, bound: FromStep, port: InputPort, pointer: Pointer) -> bool:
        outputs = self._outputs.get(bound.job)
        prefix = self._job.prefix if self._job else ""
        written = bound.job.removeprefix(prefix)
        if outputs is None:
            beside = {name.removeprefix(prefix): name for name in self._outputs if name.startswith(prefix)}
            hint = did_you_mean(written, beside, f"jobs: {', '.join(beside)}")
            self._problem(Code.UNRESOLVED_BINDING, f"there is no job `{written}`", hint, pointer)
            return False
        if bound.output not in outputs:
            hint = did_you_mean(bound.output, outputs, f"it has: {', '.join(outputs) or 'none'}")
            message = f"job `{written}` has no output `{bound.output}`"
            self._problem(Code.UNDECLARED_OUTPUT, message, hint, pointer)
            return False
        self._check_type(port, outputs[bound.output], pointer)
        return True

    def _check_type(self, port: InputPort, given: str, pointer: Pointer) -> None:
        """Data of another type than declared is only a warning, as on Azure ML: a step gets a path all the same."""
        if port.type in (given, "any") or given == "any":
            return
        message = f"a {given} is bound to `{port.name}`, which is declared as {port.type}"
        hint = "declare the same type on both ends"
        self.problems.append(Problem(self._file, Code.TYPE_MISMATCH, message, hint, pointer, Severity.WARNING))

    def _data(self, data: FromData, port: InputPort, pointer: Pointer) -> DataSource | None:
        file = data.file or self._pipeline.file
        kind = data.type or ("uri_folder" if port.type == "any" else port.type)
        pointer = pointer if file == self._file else ("inputs",)
        try:
            if data.reference is not None:
                return self._referred(kind, data.reference, file, pointer)
            return self._content(data.path or "", kind, data.path or "", file, pointer)
        except Unresolved as unresolved:
            self.problems.append(unresolved.problem)
            return None

    def _referred(self, kind: str, reference: Reference, file: str, pointer: Pointer) -> DataSource | None:
        """What a manifest holds, else what a step registered; None where another pipeline is still to register it.

        Raises:
            Unresolved: neither is there.
        """
        try:
            asset = self._registry.data(kind, reference, file, pointer)
        except Unresolved:
            registered = self._registered(reference)
            if registered is not None:
                return registered_source(registered, file)
            if self._is_to_come(reference, pointer):
                return None
            raise
        label = f"{asset.name} {asset.version}" if asset.version else asset.name
        return self._content(label, asset.type, asset.path, asset.file, ("path",))

    def _registered(self, reference: Reference) -> RegisteredData | None:
        try:
            return registered_version(self._registry.desired, reference)
        except InvalidRangeError:
            return None  # which is told where the reference is resolved

    def _is_to_come(self, reference: Reference, pointer: Pointer) -> bool:
        """Whether another pipeline registers what is named, so that it is waited for."""
        maker = registering(self._registry.desired, reference.name)
        if maker is None or maker.name == self._pipeline.name or self._job is None:
            return False
        self.waiting[self._job.name] = f"waits for data `{reference.name}`, which pipeline `{maker.name}` registers"
        message = f"there is no data `{reference.name}` yet: pipeline `{maker.name}` registers it when it runs"
        hint = "this pipeline runs then; until then it waits"
        self.problems.append(Problem(self._file, Code.UNRESOLVED_REFERENCE, message, hint, pointer, Severity.WARNING))
        return True

    def _content(self, label: str, kind: str, path: str, file: str, pointer: Pointer) -> DataSource:
        return data_source(self._registry.desired, label, kind, path, file, pointer, self.problems)

    def _undeclared(self, job: Job, name: str, ports: Mapping[str, InputPort], pointer: Pointer) -> None:
        component = job.component.text if isinstance(job.component, Reference) else job.name
        hint = did_you_mean(name, ports, f"it has: {', '.join(ports) or 'none'}")
        self._problem(Code.UNDECLARED_INPUT, f"component `{component}` has no input `{name}`", hint, pointer)

    def _wrong_type(self, port: InputPort, given: str, pointer: Pointer) -> None:
        message = f"`{port.name}` is declared as {port.type}, but {given} is bound to it"
        self._problem(Code.TYPE_MISMATCH, message, f"bind a value of type {port.type}", pointer)

    def _problem(self, code: Code, message: str, hint: str, pointer: Pointer) -> None:
        self.problems.append(Problem(self._file, code, message, hint, pointer))
