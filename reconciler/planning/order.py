"""The order of a pipeline's jobs: each after those that it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import FromStep, Job
from reconciler.model.problems import Code, Problem


def steps_before(job: Job) -> tuple[str, ...]:
    """The jobs that must end before this one, by data or by `depends_on`."""
    upstream = [binding.job for _, binding in job.inputs if isinstance(binding, FromStep)]
    return tuple(dict.fromkeys([*upstream, *job.depends_on]))


def ordered(every: Sequence[Job], problems: list[Problem]) -> tuple[str, ...] | None:
    """The names of all jobs in order; None, with the problems added, where there is no such order."""
    jobs = {job.name: job for job in every}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    is_whole = True
    for job in every:
        for name in job.depends_on:
            if name not in jobs:
                written = name.removeprefix(job.prefix)
                beside = [each.name.removeprefix(job.prefix) for each in every if each.prefix == job.prefix]
                hint = did_you_mean(written, beside, f"jobs: {', '.join(beside)}")
                message = f"`{job.name.removeprefix(job.prefix)}` depends on `{written}`, which is no job"
                pointer = (*job.place, "depends_on")
                problems.append(Problem(job.file, Code.UNRESOLVED_BINDING, message, hint, pointer))
                is_whole = False
        sorter.add(job.name, *(name for name in steps_before(job) if name in jobs))
    try:
        order = tuple(sorter.static_order())
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        message = f"jobs wait for each other: {' → '.join(cycle)}"
        first = jobs[cycle[0]]
        problems.append(Problem(first.file, Code.CYCLE, message, "remove one of these bindings", first.place))
        return None
    return order if is_whole else None
