"""Pipelines in pipelines, unfolded: the jobs of a nested one become jobs of the outer one, named `node.job`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_

from reconciler.model.manifests import Component
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import (
    Binding,
    FromPipelineInput,
    FromStep,
    Job,
    JobOutput,
    Literal,
    Pipeline,
    PipelineComponent,
)
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.model.references import Reference
from reconciler.planning.given_values import TOLD, Given, GivenValues, Told, problem_of
from reconciler.planning.order import steps_before
from reconciler.planning.repository_paths import Unresolved, UnsupportedReference
from reconciler.planning.resolve import Registry

_DEEPEST = 20
_OF_STEPS = {
    "environment": "environment",
    "variables": "environment_variables",
    "timeout_seconds": "limits",
    "resources": "resources",
    "distribution": "distribution",
    "retries": "retry_settings",
    "is_deterministic": "is_deterministic",
}


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The jobs that a pipeline comes to.

    Attributes:
        jobs: those that run a command, without those that need an unsupported one.
        components: of those jobs, by name; of one whose reference leads nowhere there is none.
        nested: the nodes that were unfolded.
        parts: the pipeline components that they run.
        unsupported: why jobs cannot run, by name.
        told: inputs of jobs that are bound to nothing because of a problem that was told, by the job's name.
    """

    jobs: tuple[Job, ...]
    components: Mapping[str, Component]
    nested: tuple[str, ...] = ()
    parts: tuple[PipelineComponent, ...] = ()
    unsupported: tuple[tuple[str, str], ...] = ()
    told: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass
class _Scope:
    """The jobs of a pipeline or of a nested node, with the names of those that stand before it."""

    prefix: str
    jobs: dict[str, Job]
    components: dict[str, Component] = field(default_factory=dict)
    children: dict[str, _Scope] = field(default_factory=dict)
    part: PipelineComponent | None = None


def unfold(pipeline: Pipeline, registry: Registry, problems: list[Problem]) -> Unfolded:
    """The jobs of a pipeline with their components resolved; what is wrong is added to the problems."""
    return _Unfolding(pipeline, registry, problems).unfolded()


class _Unfolding:
    def __init__(self, pipeline: Pipeline, registry: Registry, problems: list[Problem]) -> None:
        self._pipeline = pipeline
        self._registry = registry
        self._problems = problems
        self._values = GivenValues(pipeline, problems)
        self._unsupported: dict[str, str] = {}
        self._parts: list[PipelineComponent] = []
        self._nested: list[str] = []
        self._told: dict[str, frozenset[str]] = {}

    def unfolded(self) -> Unfolded:
        top = self._scope(self._pipeline.jobs, "", None, ())
        components = dict(_components(top))
        outputs = {output.name: output for output in self._pipeline.outputs}
        jobs = tuple(self._jobs(top, None, outputs, ()))
        kept = self._without_unsupported(jobs)
        names = {job.name for job in kept}
        return Unfolded(
            kept,
            {name: component for name, component in components.items() if name in names},
            tuple(name for name in self._nested if name),
            tuple(self._parts),
            tuple(self._unsupported.items()),
            self._told,
        )

    # --- what there is ---

    def _scope(
        self, jobs: Sequence[Job], prefix: str, part: PipelineComponent | None, within: tuple[str, ...]
    ) -> _Scope:
        scope = _Scope(prefix, {job.name: job for job in jobs}, part=part)
        for job in jobs:
            name = prefix + job.name
            if job.unsupported or job.component is None:
                self._unsupported[name] = job.unsupported
                continue
            component = self._component(job, name)
            if isinstance(component, Component):
                if not job.name:
                    hint = "give the pipeline `jobs:`, or name a pipeline component"
                    message = f"`{component.name}` is a command component, which cannot stand for a whole pipeline"
                    self._problem(job, Code.UNRESOLVED_REFERENCE, message, hint, ("component",))
                    continue
                scope.components[job.name] = component
            elif component is not None:
                self._enter(scope, job, component, within)
        return scope

    def _enter(self, scope: _Scope, job: Job, component: PipelineComponent, within: tuple[str, ...]) -> None:
        key = component.file + "#" + "/".join(str(part) for part in component.place)
        if key in within or len(within) > _DEEPEST:
            message = f"`{component.name}` holds itself" if key in within else "pipelines are nested too deeply"
            self._problem(job, Code.CYCLE, message, "take it out of itself", ("component",))
            return
        if job.sweep is not None:
            message, hint = f"`{component.name}` is a pipeline, which cannot be swept", "name a command component"
            self._problem(job, Code.UNRESOLVED_REFERENCE, message, hint, ("trial",))
            return
        self._warn_of_settings(job)
        name = scope.prefix + job.name
        self._nested.append(name)
        self._parts.append(component)
        prefix = f"{name}." if name else ""
        scope.children[job.name] = self._scope(component.jobs, prefix, component, (*within, key))

    def _warn_of_settings(self, job: Job) -> None:
        """What only a step can have, a node of many does not hand on."""
        for attribute, key in _OF_STEPS.items():
            if getattr(job, attribute) not in (None, {}):
                message, hint = f"`{key}` has no effect on a nested pipeline", "write it in the jobs of the component"
                problem = problem_of(self._pipeline, job, Code.NO_EFFECT, message, hint, (key,))
                self._problems.append(replace(problem, severity=Severity.WARNING))

    def _component(self, job: Job, name: str) -> Component | PipelineComponent | None:
        if not isinstance(job.component, Reference):
            return job.component
        pointer = (*job.place, "trial" if job.sweep else "component")
        try:
            return self._registry.component(job.component, job.file or self._pipeline.file, pointer)
        except UnsupportedReference as unsupported:
            self._unsupported[name] = unsupported.problem.message
            self._problems.append(replace(unsupported.problem, severity=Severity.WARNING))
        except Unresolved as unresolved:
            self._problems.append(unresolved.problem)
        return None

    # --- what it is bound to ---

    def _jobs(
        self, scope: _Scope, given: Given | None, outer: Mapping[str, JobOutput], after: tuple[str, ...]
    ) -> Iterator[Job]:
        """The jobs of a scope; `given` are the values of a nested one's inputs, `outer` what becomes of its outputs."""
        for job in scope.jobs.values():
            outputs = tuple(_settled(output, outer) for output in job.outputs)
            depends_on = (*after, *self._depends_on(scope, job))
            bound = {name: self._rewritten(binding, scope, job, given, name) for name, binding in job.inputs}
            child = scope.children.get(job.name)
            self._check_outputs(job, child.part if child else scope.components.get(job.name))
            if child is None:
                inputs = tuple((name, value) for name, value in bound.items() if not isinstance(value, Told | None))
                told = frozenset(name for name, value in bound.items() if isinstance(value, Told))
                if told:
                    self._told[scope.prefix + job.name] = told
                yield _as_node(job, scope.prefix, inputs, outputs, depends_on)
                continue
            values = self._values.of(job, child.part, bound)
            yield from self._jobs(child, values, {output.name: output for output in outputs}, depends_on)

    def _check_outputs(self, job: Job, component: Component | PipelineComponent | None) -> None:
        ports = {port.name: port for port in component.outputs} if component else {}
        for output in job.outputs:
            if component is not None and output.name not in ports:
                hint = did_you_mean(output.name, ports, f"it has: {', '.join(ports) or 'none'}")
                message = f"component `{component.name}` has no output `{output.name}`"
                self._problem(job, Code.UNDECLARED_OUTPUT, message, hint, ("outputs", output.name))

    def _depends_on(self, scope: _Scope, job: Job) -> Iterator[str]:
        for name in job.depends_on:
            child = scope.children.get(name)
            if name not in scope.jobs:
                hint = did_you_mean(name, scope.jobs, f"jobs: {', '.join(scope.jobs)}")
                message = f"`{job.name}` depends on `{name}`, which is no job"
                self._problem(job, Code.UNRESOLVED_BINDING, message, hint, ("depends_on",))
            elif child is None:
                yield scope.prefix + name
            else:
                yield from _leaves(child)

    def _rewritten(
        self, binding: Binding, scope: _Scope, job: Job, given: Given | None, name: str
    ) -> Binding | Told | None:
        match binding:
            case FromStep():
                return self._output(scope, job, binding, name)
            case FromPipelineInput() if given is not None and scope.part is not None:
                declared = {port.name: port for port in scope.part.inputs}
                if binding.name not in declared:
                    hint = did_you_mean(binding.name, declared, "add it under `inputs:` of the component")
                    message = f"component `{scope.part.name}` has no input `{binding.name}`"
                    self._problem(job, Code.UNRESOLVED_BINDING, message, hint, ("inputs", name))
                    return TOLD
                return given.get(binding.name)
            case Literal(str() as text) if given is not None and "${{" in text:
                return self._values.filled(text, job, given, name)
            case _:
                return binding

    def _output(self, scope: _Scope, job: Job, wanted: FromStep, name: str) -> Binding | Told:
        """The job that writes what is bound, however deep it stands."""
        child = scope.children.get(wanted.job)
        if child is None:
            return FromStep(scope.prefix + wanted.job, wanted.output) if scope.prefix else wanted
        for inner in child.jobs.values():
            for output in inner.outputs:
                if output.parent == wanted.output:
                    return self._output(child, inner, FromStep(inner.name, output.name), name)
        declared = {port.name: port for port in child.part.outputs} if child.part else {}
        if wanted.output in declared:
            message = f"no job of `{wanted.job}` writes its output `{wanted.output}`"
            hint = f"bind an output of one of its jobs to `${{{{parent.outputs.{wanted.output}}}}}`"
        else:
            message = f"job `{wanted.job}` has no output `{wanted.output}`"
            hint = did_you_mean(wanted.output, declared, f"it has: {', '.join(declared) or 'none'}")
        self._problem(job, Code.UNDECLARED_OUTPUT, message, hint, ("inputs", name))
        return TOLD

    def _without_unsupported(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        """The jobs that neither are unsupported nor come after one that is."""
        dropped = set(self._unsupported)
        count = -1
        while count != len(dropped):
            count = len(dropped)
            dropped |= {job.name for job in jobs if not dropped.isdisjoint(steps_before(job))}
        return tuple(job for job in jobs if job.name not in dropped)

    def _problem(self, job: Job, code: Code, message: str, hint: str, pointer: Pointer) -> None:
        self._problems.append(problem_of(self._pipeline, job, code, message, hint, pointer))


def _components(scope: _Scope) -> Iterator[tuple[str, Component]]:
    for name, component in scope.components.items():
        yield scope.prefix + name, component
    for child in scope.children.values():
        yield from _components(child)


def _leaves(scope: _Scope) -> Iterator[str]:
    for name in scope.jobs:
        child = scope.children.get(name)
        if child is None:
            yield scope.prefix + name
        else:
            yield from _leaves(child)


def _as_node(
    job: Job,
    prefix: str,
    inputs: tuple[tuple[str, Binding], ...],
    outputs: tuple[JobOutput, ...],
    depends_on: tuple[str, ...],
) -> Job:
    """The job as it stands in the unfolded pipeline: the very same value where nothing about it changes."""
    is_same = not prefix and depends_on == job.depends_on and all(map(is_, outputs, job.outputs))
    bound = [value for _, value in job.inputs]
    if is_same and len(inputs) == len(bound) and all(map(is_, (value for _, value in inputs), bound)):
        return job
    name = prefix + job.name
    return replace(job, name=name, prefix=prefix, inputs=inputs, outputs=outputs, depends_on=depends_on)


def _settled(output: JobOutput, outer: Mapping[str, JobOutput]) -> JobOutput:
    """An output with what the pipeline around it says of the one that it is bound to."""
    above = outer.get(output.parent) if output.parent else None
    if above is None:
        return output
    return replace(
        output,
        asset_name=above.asset_name or output.asset_name,
        asset_version=above.asset_version if above.asset_name else output.asset_version,
        path=above.path or output.path,
    )
