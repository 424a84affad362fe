"""What is wrong inside of pipeline components that no pipeline uses; inside of the others, their pipelines tell."""

from __future__ import annotations

from collections.abc import Container

from reconciler.model.pipelines import Literal, Pipeline, PipelineComponent, PipelineInput
from reconciler.model.problems import Problem
from reconciler.planning.bindings import JobBinder
from reconciler.planning.environments import Environments, environment_named
from reconciler.planning.nesting import unfold
from reconciler.planning.order import ordered
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.resolve import Registry


def unused_part_problems(registry: Registry, environments: Environments, used: Container[str]) -> list[Problem]:
    """The problems of the pipeline components whose files are not used."""
    unused = (part for file, part in registry.parts.items() if file not in used)
    return [problem for part in unused for problem in _problems_of(part, registry, environments)]


def _problems_of(part: PipelineComponent, registry: Registry, environments: Environments) -> list[Problem]:
    problems: list[Problem] = []
    pipeline = _by_itself(part)
    unfolded = unfold(pipeline, registry, problems)
    ordered(unfolded.jobs, problems)
    if any(job.name not in unfolded.components for job in unfolded.jobs):
        return problems  # what is bound to a job of which nothing is known cannot be judged
    binder = JobBinder(registry, pipeline, is_open=True)
    for name, component in unfolded.components.items():
        binder.declare_outputs(name, component)
    for job in unfolded.jobs:
        component = unfolded.components[job.name]
        binder.bind(job, component, unfolded.told.get(job.name, ()))
        try:
            environments.of(environment_named(job, component, part.file))
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
    return [*problems, *binder.problems]


def _by_itself(part: PipelineComponent) -> Pipeline:
    """The component as a pipeline whose inputs somebody will give."""
    inputs = tuple(
        PipelineInput(port.name, None if port.default is None else Literal(port.default), port.type)
        for port in part.inputs
    )
    return Pipeline(part.file, part.name, part.version, "", part.identity, inputs=inputs, jobs=part.jobs)
