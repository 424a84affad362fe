"""Pipelines to graphs: jobs in order, references resolved, definitions and closures computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import is_

from reconciler.model.commands import named
from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.manifests import Component
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
from reconciler.model.sweeps import Sweep
from reconciler.planning.bindings import JobBinder
from reconciler.planning.changes import Changes, changes_between
from reconciler.planning.code_folders import CodeFolders
from reconciler.planning.environments import Environments, environment_named
from reconciler.planning.kept import BoundJob, KeptGraph, kept_graph
from reconciler.planning.lock import lock_of, references_in
from reconciler.planning.nesting import Unfolded, unfold
from reconciler.planning.order import ordered, steps_before
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.resolve import Registry
from reconciler.planning.soundness import Soundness
from reconciler.planning.unused_parts import unused_part_problems


class GraphBuilder:
    """Builds graphs, revision after revision; what did not change since the last one is taken over.

    Equal desired states give equal graphs, whatever was built before.
    """

    def __init__(self) -> None:
        self._orders: dict[str, tuple[tuple[Job, ...], tuple[str, ...]]] = {}
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
        used: set[str] = set()
        for pipeline in desired.pipelines:
            kept = self._built.get(pipeline.file)
            if kept is not None and kept.still_holds(pipeline, changes, environments):
                kept = self._built[pipeline.file] = kept.with_lock(changes, registry)
                graphs.append(kept.graph)
                problems.extend(kept.warnings)
                used |= kept.parts
                continue
            found: list[Problem] = []
            graph, unfolded = self._graph(pipeline, registry, environments, found)
            problems.extend(found)
            used.update(part.file for part in unfolded.parts)
            self._built.pop(pipeline.file, None)
            if graph is not None and not any(problem.is_error for problem in found):
                references = references_in(pipeline, unfolded)
                graph = replace(graph, lock=lock_of(references, registry))
                graphs.append(graph)
                if graph.hindrances:
                    continue  # what may become supported is no part of a graph that could be kept
                bound = {step.name: self._steps[pipeline.file, step.name][0].bound for step in graph.steps}
                self._built[pipeline.file] = kept_graph(pipeline, graph, bound, unfolded.parts, references, found)
            else:
                self._forget(pipeline)
        problems.extend(self._soundness.problems(registry, environments, changes))
        problems.extend(unused_part_problems(registry, environments, used))
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
        for key in [key for key in self._bound if key[0] == pipeline.file]:
            del self._bound[key]

    def _graph(
        self, pipeline: Pipeline, registry: Registry, environments: Environments, problems: list[Problem]
    ) -> tuple[Graph | None, Unfolded]:
        unfolded = unfold(pipeline, registry, problems)
        jobs = {job.name: self._as_before(pipeline, job) for job in unfolded.jobs}
        order = self._order(pipeline, tuple(jobs.values()), problems)
        if order is None or any(name not in unfolded.components for name in jobs):
            return None, unfolded
        binder = JobBinder(registry, pipeline)
        for name, component in unfolded.components.items():
            binder.declare_outputs(name, component)
        steps: dict[str, Step] = {}
        left_out: set[str] = set()
        for name in order:
            bound = self._bind(pipeline, jobs[name], unfolded, binder)
            if name in binder.waiting or not left_out.isdisjoint(steps_before(jobs[name])):
                left_out.add(name)
                continue
            step = self._step(pipeline, jobs[name], bound, registry, environments, steps, problems)
            if step is not None:
                steps[name] = step
        problems.extend(binder.problems)
        if len(steps) + len(left_out) < len(jobs):
            return None, unfolded
        graph = Graph(
            pipeline.name,
            pipeline.version,
            pipeline.file,
            pipeline.experiment,
            tuple(steps.values()),
            digest_of(sorted([step.name, step.closure] for step in steps.values())),
            pipeline.continue_on_step_failure,
            pipeline.force_rerun,
            pipeline.on_new_revision,
            unfolded.nested,
            unfolded.unsupported,
            tuple(binder.waiting.items()),
            promotion=pipeline.promotion,
            is_suspended=pipeline.is_suspended,
        )
        return graph, unfolded

    def _as_before(self, pipeline: Pipeline, job: Job) -> Job:
        """The job of the revision before, where it is written alike: what was made of that one still holds."""
        known = self._bound.get((pipeline.file, job.name))
        if known is None or known.job is job:
            return job
        return known.job if repr(known.job) == repr(job) else job  # 1, 1.0 and True are equal, and not the same

    def _order(self, pipeline: Pipeline, jobs: tuple[Job, ...], problems: list[Problem]) -> tuple[str, ...] | None:
        known = self._orders.get(pipeline.file)
        if known is not None and len(known[0]) == len(jobs) and all(map(is_, known[0], jobs)):
            return known[1]
        order = ordered(jobs, problems)
        if order is not None:
            self._orders[pipeline.file] = (jobs, order)
        return order

    def _bind(self, pipeline: Pipeline, job: Job, unfolded: Unfolded, binder: JobBinder) -> BoundJob:
        components = unfolded.components
        key = (pipeline.file, job.name)
        known = self._bound.get(key)
        if known is not None and known.still_holds(job, components):
            return known
        count = len(binder.problems)
        inputs = binder.bind(job, components[job.name], unfolded.told.get(job.name, ()))
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


def graph_of(pipeline: Pipeline, registry: Registry) -> tuple[Graph | None, list[Problem]]:
    """The graph of one pipeline that is no manifest as it is, such as what a schedule runs; nothing of it is kept."""
    problems: list[Problem] = []
    graph, unfolded = GraphBuilder()._graph(pipeline, registry, Environments(registry), problems)
    if graph is None or any(problem.is_error for problem in problems):
        return None, problems
    return replace(graph, lock=lock_of(references_in(pipeline, unfolded), registry)), problems


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
        command=named(component.command, job.name),
        code=ingredients.code,
        environment=environment.name,
        environment_digest=environment.digest,
        ports=bound.inputs.ports,
        literals=bound.inputs.literals,
        outputs=tuple(sorted((port.name, port.type) for port in component.outputs)),
        variables=tuple(sorted({**component.variables, **job.variables}.items())),
        sweep=_sweep_of(job, component),
        distribution=job.distribution or component.distribution,
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
        is_deterministic=component.is_deterministic if job.is_deterministic is None else job.is_deterministic,
        closure=closure,
        timeout_seconds=job.timeout_seconds or (None if job.sweep else component.timeout_seconds),
        resources=job.resources or component.resources or Resources(),
        outputs=job.outputs,
        retries=component.retries if job.retries is None else job.retries,
        file=component.file,
    )


def _sweep_of(job: Job, component: Component) -> Sweep | None:
    """The job's sweep, whose trials may take as long as their component says where the sweep does not."""
    if job.sweep is None or job.sweep.trial_timeout_seconds or component.timeout_seconds is None:
        return job.sweep
    return replace(job.sweep, trial_timeout_seconds=component.timeout_seconds)


def _source_closure(source: InputSource, closures: Mapping[str, str]) -> list[str]:
    if isinstance(source, DataSource):
        return [source.digest]
    return [closures[source.step], source.output]
