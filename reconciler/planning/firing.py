"""What a schedule runs when it fires: its job as it stands at that revision, with what the schedule says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model.desired import Desired
from reconciler.model.literals import literal_problem
from reconciler.model.manifests import LITERAL_TYPES, InputPort, Scalar
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import FromData, Job, JobOutput, Literal, Pipeline
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.model.references import Reference
from reconciler.model.schedules import TRIGGER_TIME, Schedule
from reconciler.model.steps import Graph
from reconciler.planning.graph import graph_of
from reconciler.planning.repository_paths import Unresolved, UnsupportedReference
from reconciler.planning.resolve import Registry

_SOME_TIME = "2026-01-01T06:00:00"
_AT: Pointer = ("create_job",)


@dataclass(frozen=True, slots=True)
class Firing:
    """What a firing comes to.

    Attributes:
        pipeline: the name of the job that is run, "" where there is none.
        graph: None where it cannot be run.
        is_own: whether its runs are the schedule's own, as they are given other inputs than at a push.
        unsupported: why it cannot be run here, "" where it can.
    """

    pipeline: str = ""
    graph: Graph | None = None
    is_own: bool = False
    unsupported: str = ""
    problems: tuple[Problem, ...] = ()


def fire(schedule: Schedule, registry: Registry, trigger_time: str) -> Firing:
    """The graph that is to be run, with the references of this very moment.

    Runs that are given other inputs, and those of a job that stands in the schedule, are named `pipeline@schedule`:
    they are neither what a push compares with nor held up by it.
    """
    try:
        pipeline = _job_of(schedule, registry)
    except UnsupportedReference as refused:
        problem = replace(refused.problem, severity=Severity.WARNING)
        return Firing(unsupported=problem.message, problems=(problem,))
    except Unresolved as unresolved:
        return Firing(problems=(unresolved.problem,))
    if pipeline is None:
        return Firing(unsupported=schedule.unsupported)
    problems = _input_problems(schedule, pipeline)
    is_own = isinstance(schedule.job, Pipeline) or bool(schedule.overrides.inputs or schedule.overrides.outputs)
    if any(problem.code is Code.INVALID_VALUE for problem in problems):  # the job would say the same again
        return Firing(pipeline.name, None, is_own, "", problems)
    named = replace(pipeline, name=f"{pipeline.name}@{schedule.name}") if is_own else pipeline
    graph, found = graph_of(_overridden(named, schedule, trigger_time), registry)
    problems = (*problems, *_at_the_schedule(found, schedule))
    if any(problem.is_error for problem in problems):
        graph = None
    unsupported = "; ".join(graph.hindrances) if graph else ""
    return Firing(pipeline.name, graph, is_own, unsupported, problems)


def firings(desired: Desired) -> dict[str, Firing]:
    """What the schedules of a desired state would run, by file; what is wrong with them is found before they fire."""
    schedules = desired.schedules
    if not schedules:
        return {}
    registry = Registry(desired)
    return {schedule.file: fire(schedule, registry, _SOME_TIME) for schedule in schedules}


def problems_of(found: Mapping[str, Firing]) -> list[Problem]:
    return [problem for firing in found.values() for problem in firing.problems]


def _job_of(schedule: Schedule, registry: Registry) -> Pipeline | None:
    if isinstance(schedule.job, Reference):
        return registry.resolve(Pipeline, schedule.job, schedule.file, schedule.job_place)
    return schedule.job


def _at_the_schedule(found: Iterable[Problem], schedule: Schedule) -> Iterable[Problem]:
    """Problems that a job only has because of what a schedule gives it; its warnings are told at the job itself."""
    for problem in found:
        if problem.file == schedule.file and problem.pointer[:1] == _AT:
            yield problem
        elif problem.file == schedule.file:  # of what the schedule gives, told as if the pipeline did
            yield replace(problem, pointer=(*_AT, *problem.pointer))
        elif problem.is_error:
            message = f"as this schedule runs it, {problem.file} has a problem: {problem.message}"
            yield Problem(schedule.file, problem.code, message, problem.hint, _AT)


def _input_problems(schedule: Schedule, pipeline: Pipeline) -> tuple[Problem, ...]:
    known = _interface(pipeline)
    problems = []
    for name, given in schedule.overrides.inputs:
        pointer: Pointer = ("create_job", "inputs", name)
        if isinstance(schedule.job, Pipeline) and name in known:
            pointer = (*schedule.job.place, "inputs", name)
        if name not in known:
            hint = did_you_mean(name, known, f"it has: {', '.join(known) or 'none'}")
            message = f"pipeline `{pipeline.name}` has no input `{name}`"
            problems.append(Problem(schedule.file, Code.UNDECLARED_INPUT, message, hint, pointer))
        elif isinstance(given, Literal) and known[name] in LITERAL_TYPES:
            wrong = literal_problem(InputPort(name, known[name]), _at(_SOME_TIME, given.value))
            if wrong:
                problems.append(Problem(schedule.file, Code.INVALID_VALUE, wrong[0], wrong[1], pointer))
    outputs = {output.name for output in (*pipeline.outputs, *(o for job in pipeline.jobs for o in job.outputs))}
    for output in schedule.overrides.outputs:
        if output.name not in outputs:
            message, hint = f"pipeline `{pipeline.name}` has no output `{output.name}`", "it is left out"
            place = ("create_job", "outputs", output.name)
            problems.append(Problem(schedule.file, Code.UNDECLARED_OUTPUT, message, hint, place, Severity.WARNING))
    return tuple(problems)


def _interface(pipeline: Pipeline) -> dict[str, str]:
    """The names of the inputs that may be given otherwise, with their types as far as they are declared."""
    if is_single(pipeline):
        return {name: "" for name, _ in pipeline.jobs[0].inputs}
    return {given.name: given.type or "" for given in pipeline.inputs}


def is_single(pipeline: Pipeline) -> bool:
    """Whether it is a command or a sweep that stands alone, whose inputs are those of its only job."""
    return len(pipeline.jobs) == 1 and bool(pipeline.jobs[0].name) and pipeline.jobs[0].place == pipeline.place


def _overridden(pipeline: Pipeline, schedule: Schedule, trigger_time: str) -> Pipeline:
    overrides = schedule.overrides
    inputs = {name: _filled(given, trigger_time) for name, given in overrides.inputs}
    changed = replace(
        pipeline,
        experiment=overrides.experiment or pipeline.experiment,
        continue_on_step_failure=_said(overrides.continue_on_step_failure, pipeline.continue_on_step_failure),
        force_rerun=_said(overrides.force_rerun, pipeline.force_rerun),
        outputs=_merged(pipeline.outputs, overrides.outputs),
    )
    if is_single(pipeline):
        return replace(changed, jobs=(_with_inputs(pipeline.jobs[0], inputs, overrides.outputs),))
    given = tuple(replace(each, value=inputs.get(each.name, each.value)) for each in pipeline.inputs)
    return replace(changed, inputs=given)


def _with_inputs(job: Job, inputs: Mapping[str, Literal | FromData], outputs: tuple[JobOutput, ...]) -> Job:
    bound = tuple((name, inputs.get(name, binding)) for name, binding in job.inputs)
    return replace(job, inputs=bound, outputs=_merged(job.outputs, outputs))


def _merged(outputs: tuple[JobOutput, ...], others: tuple[JobOutput, ...]) -> tuple[JobOutput, ...]:
    by_name = {output.name: output for output in others}
    return tuple(by_name.get(output.name, output) for output in outputs)


def _filled(given: Literal | FromData, trigger_time: str) -> Literal | FromData:
    if isinstance(given, Literal):
        return Literal(_at(trigger_time, given.value))
    return replace(given, path=given.path.replace(TRIGGER_TIME, trigger_time)) if given.path else given


def _at(trigger_time: str, value: Scalar) -> Scalar:
    return value.replace(TRIGGER_TIME, trigger_time) if isinstance(value, str) else value


def _said(override: bool | None, otherwise: bool) -> bool:
    return otherwise if override is None else override
