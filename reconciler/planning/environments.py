"""The environments that components and jobs name, with what decides whether they must be built anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.model.manifests import Component, Environment
from reconciler.model.pipelines import Job, Pipeline, PipelineComponent
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.references import Reference
from reconciler.model.schedules import Schedule
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.resolve import Registry


@dataclass(frozen=True, slots=True)
class NamedEnvironment:
    """An environment as a manifest names it; `file` and `pointer` are where, for the one who reads a problem."""

    wanted: Reference | Environment
    file: str
    pointer: Pointer

    @property
    def key(self) -> object:
        """Equal where the same environment is meant."""
        if isinstance(self.wanted, Environment):
            return (self.wanted.file, self.wanted.identity)
        return (self.wanted.text, self.file if self.wanted.path else "")


def environment_named(job: Job | None, component: Component, file: str) -> NamedEnvironment:
    """How the environment of a job is named; its own `environment:` replaces that of the component.

    Raises:
        Unresolved: neither names one.
    """
    if job is not None and job.environment is not None:
        return NamedEnvironment(job.environment, job.file or file, (*job.place, "environment"))
    if component.environment is None:
        hint = "add `environment: azureml:NAME@latest`"
        message = f"component `{component.name}` has no environment"
        raise Unresolved(Problem(component.file, Code.MISSING_PROPERTY, message, hint, component.place))
    return NamedEnvironment(component.environment, component.file, (*component.place, "environment"))


class Environments:
    """The environments of one desired state, each resolved once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[object, EnvironmentSpec] = {}

    def of(self, named: NamedEnvironment) -> EnvironmentSpec:
        """What a name stands for.

        Raises:
            Unresolved: it stands for nothing.
        """
        known = self._known.get(named.key)
        if known is None:
            wanted = named.wanted
            if isinstance(wanted, Reference):
                wanted = self._registry.resolve(Environment, wanted, named.file, named.pointer)
            known = self._known[named.key] = environment_spec(wanted, self._registry.desired)
        return known

    def still_means(self, named: NamedEnvironment, spec: EnvironmentSpec) -> bool:
        """Whether a name stands for what it stood for before."""
        try:
            return self.of(named) == spec
        except Unresolved:
            return False


def environments_in(desired: Desired) -> Iterator[Environment]:
    """All environments of a desired state, those that stand inline in components and jobs among them."""
    for manifest in desired.with_released():
        match manifest:
            case Environment():
                yield manifest
            case Component():
                yield from _inline(manifest.environment)
            case Pipeline() | PipelineComponent():
                yield from _of_jobs(manifest.jobs)
            case Schedule(job=Pipeline() as pipeline):
                yield from _of_jobs(pipeline.jobs)


def _of_jobs(jobs: Iterable[Job]) -> Iterator[Environment]:
    for job in jobs:
        yield from _inline(job.environment)
        if isinstance(job.component, Component):
            yield from _inline(job.component.environment)
        elif isinstance(job.component, PipelineComponent):
            yield from _of_jobs(job.component.jobs)


def _inline(environment: Reference | Environment | None) -> Iterator[Environment]:
    if isinstance(environment, Environment):
        yield environment
