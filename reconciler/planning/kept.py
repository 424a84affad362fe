"""What is kept of a graph from one revision to the next, and for how long it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model.manifests import Component, Kind
from reconciler.model.pipelines import FromData, Job, Pipeline, PipelineComponent
from reconciler.model.problems import Problem
from reconciler.model.steps import DataSource, EnvironmentSpec, Graph, StepSource
from reconciler.planning.bindings import BoundInputs
from reconciler.planning.changes import Changes
from reconciler.planning.environments import Environments, NamedEnvironment, environment_named
from reconciler.planning.lock import lock_of
from reconciler.planning.named import UsedReference
from reconciler.planning.resolve import Registry


@dataclass(frozen=True, slots=True)
class BoundJob:
    """A job with its inputs bound, valid as long as the job and the components are the very same values.

    Attributes:
        upstream: the components of the jobs whose outputs it reads.
        is_faultless: nothing had to be said about it.
    """

    job: Job
    component: Component
    inputs: BoundInputs
    upstream: Mapping[str, Component]
    is_faultless: bool

    def still_holds(self, job: Job, components: Mapping[str, Component]) -> bool:
        if not self.is_faultless or job is not self.job or components[job.name] is not self.component:
            return False
        if not all(isinstance(source, StepSource) for _, source in self.inputs.sources):
            return False
        return all(components.get(name) is component for name, component in self.upstream.items())


@dataclass(frozen=True, slots=True)
class KeptGraph:
    """A graph, valid as long as the pipeline and all that it was made of stay the same.

    Attributes:
        names: of the components and data assets that it refers to.
        paths: of the files and folders that it was made of.
        environments: how environments are named in it, and what they stood for.
        parts: the files of the pipeline components that it was made of.
        references: all that it was resolved from.
    """

    pipeline: Pipeline
    graph: Graph
    warnings: tuple[Problem, ...]
    names: frozenset[tuple[Kind, str]]
    paths: frozenset[str]
    environments: tuple[tuple[NamedEnvironment, EnvironmentSpec], ...]
    parts: frozenset[str]
    references: tuple[UsedReference, ...]

    def still_holds(self, pipeline: Pipeline, changes: Changes, environments: Environments) -> bool:
        if changes.is_everything or self.pipeline is not pipeline:
            return False
        if not self.names.isdisjoint(changes.names) or not self.paths.isdisjoint(changes.paths):
            return False
        return all(environments.still_means(named, spec) for named, spec in self.environments)

    def with_lock(self, changes: Changes, registry: Registry) -> KeptGraph:
        """The same with the lock as it is now: another version of the same content may be meant."""
        if not any(registry.key_of(used.kind, used.reference) in changes.names for used in self.references):
            return self
        lock = lock_of(self.references, registry)
        return self if lock == self.graph.lock else replace(self, graph=replace(self.graph, lock=lock))


def kept_graph(
    pipeline: Pipeline,
    graph: Graph,
    bound: Mapping[str, BoundJob],
    parts: Iterable[PipelineComponent],
    references: tuple[UsedReference, ...],
    warnings: Iterable[Problem],
) -> KeptGraph:
    """A graph with what it was made of; `bound` holds its jobs by name, `parts` are the pipelines nested in it."""
    parts = tuple(parts)
    return KeptGraph(
        pipeline,
        graph,
        tuple(warnings),
        names=frozenset((*_names_used(pipeline, bound), *((Kind.COMPONENT, part.name) for part in parts))),
        paths=frozenset((*_paths_used(graph, bound), *(part.file for part in parts))),
        environments=tuple(_environments_used(pipeline, graph, bound).values()),
        parts=frozenset(part.file for part in parts),
        references=references,
    )


def _names_used(pipeline: Pipeline, bound: Mapping[str, BoundJob]) -> Iterable[tuple[Kind, str]]:
    for each in bound.values():
        if not isinstance(each.job.component, Component):
            yield Kind.COMPONENT, each.component.name
    given = [value.value for value in pipeline.inputs]
    given += [value for each in bound.values() for _, value in each.job.inputs if isinstance(value, FromData)]
    for value in given:
        if isinstance(value, FromData) and value.reference is not None and value.reference.name:
            yield Kind.DATA, value.reference.name
            yield Kind.MODEL, value.reference.name


def _environments_used(
    pipeline: Pipeline, graph: Graph, bound: Mapping[str, BoundJob]
) -> dict[object, tuple[NamedEnvironment, EnvironmentSpec]]:
    used: dict[object, tuple[NamedEnvironment, EnvironmentSpec]] = {}
    for step in graph.steps:
        each = bound[step.name]
        named = environment_named(each.job, each.component, pipeline.file)
        used.setdefault(named.key, (named, step.environment))
    return used


def _paths_used(graph: Graph, bound: Mapping[str, BoundJob]) -> Iterable[str]:
    for step in graph.steps:
        yield bound[step.name].component.file
        if step.definition.code is not None:
            yield from step.definition.code.paths
        for _, source in step.sources:
            if isinstance(source, DataSource):
                yield from (source.path, source.file)
