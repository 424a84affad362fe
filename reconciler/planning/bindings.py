"""The inputs of a job: literals with their values, data with their sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from reconciler.model.literals import coerce, literal_problem
from reconciler.model.manifests import Component, DataAsset, InputPort, Scalar
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
from reconciler.model.snapshot import EntryKind
from reconciler.model.steps import DataSource, InputSource, StepSource
from reconciler.planning.resolve import Registry, Unresolved, within_repository

_PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.([A-Za-z0-9_.]+?)\s*\}\}")


@dataclass(frozen=True, slots=True)
class BoundInputs:
    """The inputs of one job, each bound to a literal or to a source of data; unset optional ones are absent."""

    literals: tuple[tuple[str, Scalar], ...]
    sources: tuple[tuple[str, InputSource], ...]
    ports: tuple[tuple[str, str], ...]


class JobBinder:
    """Binds the inputs of the jobs of one pipeline and collects the problems."""

    def __init__(self, registry: Registry, pipeline: Pipeline) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._inputs: dict[str, PipelineInput] = {given.name: given for given in pipeline.inputs}
        self._outputs: dict[str, Mapping[str, str]] = {}
        self.problems: list[Problem] = []

    def declare_outputs(self, job: str, component: Component) -> None:
        """Tell which outputs a job has, before others bind to them."""
        self._outputs[job] = {port.name: port.type for port in component.outputs}

    def bind(self, job: Job, component: Component) -> BoundInputs:
        ports = {port.name: port for port in component.inputs}
        swept = {name for name, _ in job.sweep.search_space} if job.sweep else set()
        for name in swept - set(ports):
            self._undeclared(job, name, ports, ("jobs", job.name, "search_space", name))
        literals: dict[str, Scalar] = {}
        sources: dict[str, InputSource] = {}
        types: dict[str, str] = {}
        given = dict(job.inputs)
        told: set[str] = set()
        for name, binding in given.items():
            port = ports.get(name)
            if port is None:
                self._undeclared(job, name, ports, ("jobs", job.name, "inputs", name))
                continue
            count = len(self.problems)
            self._bind(job, port, binding, literals, sources)
            if len(self.problems) > count:
                told.add(name)
        for name, port in ports.items():
            if name not in literals and name not in sources and name not in swept and name not in told:
                self._unset(job, port, name in given, literals)
            if name in sources:
                types[name] = port.type
        return BoundInputs(
            tuple(sorted(literals.items())), tuple(sorted(sources.items())), tuple(sorted(types.items()))
        )

    def _bind(
        self,
        job: Job,
        port: InputPort,
        binding: Binding,
        literals: dict[str, Scalar],
        sources: dict[str, InputSource],
    ) -> None:
        pointer = ("jobs", job.name, "inputs", port.name)
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
                source = self._data(value, pointer)
                if source is not None:
                    sources[port.name] = source
            case Literal():
                self._literal(port, value, literals, sources, pointer)

    def _through_pipeline(self, binding: Binding, pointer: Pointer) -> FromStep | FromData | Literal | None:
        if isinstance(binding, FromPipelineInput):
            given = self._inputs.get(binding.name)
            if given is None:
                hint = _nearest(binding.name, self._inputs, "add it under `inputs:` of the pipeline")
                self._problem(Code.UNRESOLVED_BINDING, f"the pipeline has no input `{binding.name}`", hint, pointer)
                return None
            return given.value
        if isinstance(binding, Literal) and isinstance(binding.value, str) and "${{" in binding.value:
            return self._filled(binding.value, pointer)
        return binding

    def _filled(self, text: str, pointer: Pointer) -> Literal:
        """A literal with pipeline inputs in the middle of it, such as `run-${{parent.inputs.seed}}`."""

        def fill(match: re.Match[str]) -> str:
            given = self._inputs.get(match[1])
            if given is None or not isinstance(given.value, Literal):
                hint = "only a literal input of the pipeline can stand inside a text"
                self._problem(Code.UNRESOLVED_BINDING, f"`{match[0]}` cannot be filled in", hint, pointer)
                return ""
            return str(given.value.value)

        return Literal(_PARENT_INPUT.sub(fill, text))

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
            source = self._data(FromData(port.type, path=literal.value), pointer)
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
        pointer = ("jobs", job.name, "inputs")
        if port.is_optional:
            return
        if is_bound:
            hint = "give the pipeline's input a value"
            self._problem(Code.MISSING_INPUT, f"input `{port.name}` is bound to nothing", hint, (*pointer, port.name))
            return
        message = f"job `{job.name}` needs the input `{port.name}` ({port.type})"
        self._problem(Code.MISSING_INPUT, message, f"add `{port.name}: …` under its `inputs:`", pointer)

    def _output_exists(self, bound: FromStep, port: InputPort, pointer: Pointer) -> bool:
        outputs = self._outputs.get(bound.job)
        if outputs is None:
            hint = _nearest(bound.job, self._outputs, f"jobs: {', '.join(self._outputs)}")
            self._problem(Code.UNRESOLVED_BINDING, f"there is no job `{bound.job}`", hint, pointer)
            return False
        if bound.output not in outputs:
            hint = _nearest(bound.output, outputs, f"it has: {', '.join(outputs) or 'none'}")
            message = f"job `{bound.job}` has no output `{bound.output}`"
            self._problem(Code.UNDECLARED_OUTPUT, message, hint, pointer)
            return False
        given = outputs[bound.output]
        if port.type not in (given, "any") and {port.type, given} == {"uri_file", "uri_folder"}:
            message = f"a {given} is bound to `{port.name}`, which is declared as {port.type}"
            hint = "declare the same type on both ends"
            self.problems.append(
                Problem(self._pipeline.file, Code.TYPE_MISMATCH, message, hint, pointer, Severity.WARNING)
            )
        return True

    def _data(self, data: FromData, pointer: Pointer) -> DataSource | None:
        try:
            if data.reference is not None:
                asset = self._registry.resolve(DataAsset, data.reference, self._pipeline.file, pointer)
                label = f"{asset.name} {asset.version}" if asset.version else asset.name
                return self._content(label, asset.type, asset.path, asset.file, ("path",))
            return self._content(data.path or "", data.type, data.path or "", self._pipeline.file, pointer)
        except Unresolved as unresolved:
            self.problems.append(unresolved.problem)
            return None

    def _content(self, label: str, kind: str, path: str, file: str, pointer: Pointer) -> DataSource:
        local = path.removeprefix("file://")
        if local.startswith("/"):
            return self._local(label, kind, local, file, pointer)
        if "://" in path:
            hint = "put the file into the repository, or name it by its absolute path"
            raise Unresolved(Problem(file, Code.INVALID_VALUE, f"`{path}` cannot be read from here", hint, pointer))
        inside = within_repository(file, path, pointer)
        entry = self._registry.desired.snapshot.entries.get(inside)
        if entry is None or entry.kind not in (EntryKind.FILE, EntryKind.TREE):
            hint = _nearest(inside, self._registry.desired.snapshot.entries, "commit it, or correct the path")
            raise Unresolved(
                Problem(file, Code.MISSING_FILE, f"there is no `{inside}` in the repository", hint, pointer)
            )
        return DataSource(label, kind, f"git:{entry.oid}", inside, entry.oid, entry.kind is EntryKind.TREE, file=file)

    def _local(self, label: str, kind: str, path: str, file: str, pointer: Pointer) -> DataSource:
        digest = self._registry.desired.local_data.get(path)
        if digest is None:
            message = f"`{path}` is not there, or lies outside the folders that data may come from"
            hint = "start the daemon with `--data-root FOLDER` to allow a folder"
            raise Unresolved(Problem(file, Code.MISSING_FILE, message, hint, pointer))
        return DataSource(label, kind, digest, path, local=path, file=file)

    def _undeclared(self, job: Job, name: str, ports: Mapping[str, InputPort], pointer: Pointer) -> None:
        component = job.component.text if isinstance(job.component, Reference) else job.name
        hint = _nearest(name, ports, f"it has: {', '.join(ports) or 'none'}")
        self._problem(Code.UNDECLARED_INPUT, f"component `{component}` has no input `{name}`", hint, pointer)

    def _wrong_type(self, port: InputPort, given: str, pointer: Pointer) -> None:
        message = f"`{port.name}` is declared as {port.type}, but {given} is bound to it"
        self._problem(Code.TYPE_MISMATCH, message, f"bind a value of type {port.type}", pointer)

    def _problem(self, code: Code, message: str, hint: str, pointer: Pointer) -> None:
        self.problems.append(Problem(self._pipeline.file, code, message, hint, pointer))


def _nearest(name: str, names: Mapping[str, object], otherwise: str) -> str:
    found = get_close_matches(name, list(names)[:5000], n=1)
    return f"did you mean `{found[0]}`?" if found else otherwise
