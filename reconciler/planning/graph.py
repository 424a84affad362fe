"""Pipelines to graphs: jobs in order, references resolved, definitions and closures computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.manifests import Component, Kind
from reconciler.model.pipelines import Job, Pipeline
from reconciler.model.problems import Problem
from reconciler.model.resources import Resources
from reconciler.model.steps import (
    CodeFolder,
    DataSource,
    Definition,
    EnvironmentSpec,
    Graph,
    InputSource,
    Step,
    StepSource,
    define,
)
from reconciler.planning.bindings import JobBinder
from reconciler.planning.changes import Changes, changes_between
from reconciler.planning.environments import Environments, environment_named
from reconciler.planning.kept import BoundJob, KeptGraph, kept_graph
from reconciler.planning.order import ordered, steps_before
from reconciler.planning.resolve import Registry, Unresolved
from reconciler.planning.soundness import CodeFolders, Soundness


class GraphBuilder:
    """Builds graphs, revision after revision; what did not change since the last one is taken over.

    Equal desired states give equal graphs, whatever was built before.
    """

    def __init__(self) -> None:
        self._orders: dict[str, tuple[Pipeline, tuple[str, ...]]] = {}
        self._bound: dict[tuple[str, str], BoundJob] = {}
        self._steps: dict[tuple[str, str], tuple[_Ingredients, Step]] = {}
        self._built: dict[str, KeptGraph] = {}
        self._codes = CodeFolders()
        self._soundness = Soundness(self._codes)
        self._registry: Registry | None = None
        self._desired: Desired | None = None

    def build(self, desired: Desired) -> tuple[list[Graph], list[Problem]]:
        """The graphs of all pipelines without problems, and the problems of the others."""
        changes = changes_between(self._desired, desired)
        registry = self._registry_of(desired, changes)
        environments = Environments(registry)
        graphs: list[Graph] = []
        problems: list[Problem] = []
        for pipeline in desired.pipelines:
            kept = self._built.get(pipeline.file)
            if kept is not None and kept.still_holds(pipeline, changes, environments):
                graphs.append(kept.graph)
                problems.extend(kept.warnings)
                continue
            found: list[Problem] = []
            graph = self._graph(pipeline, registry, environments, changes, found)
            problems.extend(found)
            self._built.pop(pipeline.file, None)
            if graph is not None and not any(problem.is_error for problem in found):
                graphs.append(graph)
                self._built[pipeline.file] = self._keep(pipeline, graph, found)
            else:
                self._forget(pipeline)
        problems.extend(self._soundness.problems(registry, environments, changes))
        self._desired = desired
        return graphs, list(dict.fromkeys(problems))

    def _registry_of(self, desired: Desired, changes: Changes) -> Registry:
        if self._registry is None or changes.is_everything:
            self._registry = Registry(desired)
        else:
            self._registry.follow(desired, changes)
        return self._registry

    def _forget(self, pipeline: Pipeline) -> None:
        """Nothing of a pipeline with problems is taken over: it may be as old as the last revision without them."""
        for job in pipeline.jobs:
            self._bound.pop((pipeline.file, job.name), None)

    def _keep(self, pipeline: Pipeline, graph: Graph, warnings: list[Problem]) -> KeptGraph:
        bound = {step.name: self._steps[pipeline.file, step.name][0].bound for step in graph.steps}
        return kept_graph(pipeline, graph, bound, warnings)

    def _graph(
        self,
        pipeline: Pipeline,
        registry: Registry,
        environments: Environments,
        changes: Changes,
        problems: list[Problem],
    ) -> Graph | None:
        components = self._components(pipeline, registry, changes, problems)
        order = self._order(pipeline, problems)
        if order is None or len(components) < len(pipeline.jobs):
            return None
        binder = JobBinder(registry, pipeline)
        for name, component in components.items():
            binder.declare_outputs(name, component)
        jobs = {job.name: job for job in pipeline.jobs}
        steps: dict[str, Step] = {}
        for name in order:
            bound = self._bind(pipeline, jobs[name], components, binder)
            step = self._step(pipeline, jobs[name], bound, registry, environments, steps, problems)
            if step is not None:
                steps[name] = step
        problems.extend(binder.problems)
        if len(steps) < len(jobs):
            return None
        closure = digest_of(sorted([step.name, step.closure] for step in steps.values()))
        return Graph(
            pipeline.name,
            pipeline.version,
            pipeline.file,
            pipeline.experiment,
            tuple(steps.values()),
            closure,
            pipeline.continue_on_step_failure,
            pipeline.force_rerun,
            pipeline.on_new_revision,
        )

    def _components(
        self, pipeline: Pipeline, registry: Registry, changes: Changes, problems: list[Problem]
    ) -> dict[str, Component]:
        found: dict[str, Component] = {}
        for job in pipeline.jobs:
            if isinstance(job.component, Component):
                found[job.name] = job.component
                continue
            known = self._bound.get((pipeline.file, job.name))
            if known is not None and known.job is job and not changes.concern(Kind.COMPONENT, known.component):
                found[job.name] = known.component
                continue
            key = "trial" if job.sweep else "component"
            try:
                found[job.name] = registry.resolve(Component, job.component, pipeline.file, ("jobs", job.name, key))
            except Unresolved as unresolved:
                problems.append(unresolved.problem)
        return found

    def _order(self, pipeline: Pipeline, problems: list[Problem]) -> tuple[str, ...] | None:
        known = self._orders.get(pipeline.file)
        if known is not None and known[0] is pipeline:
            return known[1]
        order = ordered(pipeline, problems)
        if order is not None:
            self._orders[pipeline.file] = (pipeline, order)
        return order

    def _bind(self, pipeline: Pipeline, job: Job, components: Mapping[str, Component], binder: JobBinder) -> BoundJob:
        key = (pipeline.file, job.name)
        known = self._bound.get(key)
        if known is not None and known.still_holds(job, components):
            return known
        count = len(binder.problems)
        inputs = binder.bind(job, components[job.name])
        read = (source.step for _, source in inputs.sources if isinstance(source, StepSource))
        upstream = {name: components[name] for name in read}
        bound = BoundJob(job, components[job.name], inputs, upstream, len(binder.problems) == count)
        self._bound[key] = bound
        return bound

    def _step(
        self,
        pipeline: Pipeline,
        job: Job,
        bound: BoundJob,
        registry: Registry,
        environments: Environments,
        steps: Mapping[str, Step],
        problems: list[Problem],
    ) -> Step | None:
        try:
            code = self._codes.of(bound.component, registry.desired)
            environment = environments.of(environment_named(job, bound.component, pipeline.file))
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
            return None
        after = steps_before(job)
        if any(name not in steps for name in after):
            return None  # an earlier step has a problem, which is reported there
        ingredients = _Ingredients(bound, code, environment, tuple(steps[name] for name in after))
        key = (pipeline.file, job.name)
        known = self._steps.get(key)
        if known is not None and known[0].same_as(ingredients):
            return known[1]
        step = _build_step(job, ingredients, after)
        self._steps[key] = (ingredients, step)
        return step


@dataclass(frozen=True, slots=True)
class _Ingredients:
    """All that a step is made of; equal ingredients make equal steps."""

    bound: BoundJob
    code: CodeFolder | None
    environment: EnvironmentSpec
    upstream: tuple[Step, ...]

    def same_as(self, other: _Ingredients) -> bool:
        return (
            self.bound is other.bound
            and self.code is other.code
            and len(self.upstream) == len(other.upstream)
            and all(mine is theirs for mine, theirs in zip(self.upstream, other.upstream, strict=True))
            and self.environment == other.environment
        )


def _build_step(job: Job, ingredients: _Ingredients, after: tuple[str, ...]) -> Step:
    bound, environment = ingredients.bound, ingredients.environment
    component = bound.component
    definition = Definition(
        component=component.name,
        version=component.version,
        command=component.command,
        code=ingredients.code,
        environment=environment.name,
        environment_digest=environment.digest,
        ports=bound.inputs.ports,
        literals=bound.inputs.literals,
        outputs=tuple(sorted((port.name, port.type) for port in component.outputs)),
        variables=tuple(sorted({**component.variables, **job.variables}.items())),
        sweep=job.sweep,
    )
    digest = define(definition)
    closures = {step.name: step.closure for step in ingredients.upstream}
    closure = digest_of([digest, [[name, _source_closure(source, closures)] for name, source in bound.inputs.sources]])
    return Step(
        name=job.name,
        definition=replace(definition, digest=digest),
        environment=environment,
        sources=bound.inputs.sources,
        after=after,
        is_deterministic=component.is_deterministic,
        closure=closure,
        timeout_seconds=job.timeout_seconds,
        resources=job.resources or component.resources or Resources(),
    )


def _source_closure(source: InputSource, closures: Mapping[str, str]) -> list[str]:
    if isinstance(source, DataSource):
        return [source.digest]
    return [closures[source.step], source.output]
