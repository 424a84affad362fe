"""The order of a pipeline's jobs: each after those that it waits for."""

from __future__ import annotations

from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from reconciler.model.pipelines import FromStep, Job, Pipeline
from reconciler.model.problems import Code, Pointer, Problem


def steps_before(job: Job) -> tuple[str, ...]:
    """The jobs that must end before this one, by data or by `depends_on`."""
    upstream = [binding.job for _, binding in job.inputs if isinstance(binding, FromStep)]
    return tuple(dict.fromkeys([*upstream, *job.depends_on]))


def ordered(pipeline: Pipeline, problems: list[Problem]) -> tuple[str, ...] | None:
    """The names of all jobs in order; None, with the problems added, where there is no such order."""
    jobs = {job.name: job for job in pipeline.jobs}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    is_whole = True
    for job in pipeline.jobs:
        for name in job.depends_on:
            if name not in jobs:
                nearest = get_close_matches(name, list(jobs), n=1)
                hint = f"did you mean `{nearest[0]}`?" if nearest else f"jobs: {', '.join(jobs)}"
                pointer: Pointer = ("jobs", job.name, "depends_on")
                message = f"`{job.name}` depends on `{name}`, which is no job"
                problems.append(Problem(pipeline.file, Code.UNRESOLVED_BINDING, message, hint, pointer))
                is_whole = False
        sorter.add(job.name, *(name for name in steps_before(job) if name in jobs))
    try:
        order = tuple(sorter.static_order())
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        message = f"jobs wait for each other: {' → '.join(cycle)}"
        pointer = ("jobs", cycle[0])
        problems.append(Problem(pipeline.file, Code.CYCLE, message, "remove one of these bindings", pointer))
        return None
    return order if is_whole else None
