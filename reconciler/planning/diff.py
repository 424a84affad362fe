"""Desired against actual: which pipelines, steps and environments need what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.plan import (
    Actual,
    EnvironmentAction,
    EnvironmentPlan,
    PipelineAction,
    PipelinePlan,
    Plan,
    SchedulePlan,
    StepAction,
    StepPlan,
)
from reconciler.model.problems import Problem
from reconciler.model.runs import Result
from reconciler.model.schedules import Schedule
from reconciler.model.steps import (
    DataSource,
    EnvironmentSpec,
    Graph,
    Step,
    StepSource,
    fingerprint_of,
)
from reconciler.model.strictness import judged
from reconciler.model.suspensions import IN_GIT
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.firing import Firing
from reconciler.planning.pruning import removed
from reconciler.planning.reasons import definition_reasons
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.versions import VersionJudge


def plan(
    desired: Desired,
    graphs: Iterable[Graph],
    problems: Iterable[Problem],
    actual: Actual,
    judge: VersionJudge | None = None,
    interfaces: Mapping[str, str] | None = None,
    scheduled: Mapping[str, Firing] | None = None,
) -> Plan:
    """The plan from the actual state to the desired one.

    Args:
        problems: what was found while the graphs were built.
        judge: the one of the plan before.
        interfaces: of the manifests that it compares, by file.
        scheduled: what schedules would run, by file.
    """
    pipelines = tuple(plan_pipeline(graph, actual) for graph in graphs)
    versions, misversioned = (judge or VersionJudge()).judge(desired, actual, interfaces or {})
    found = judged((*desired.problems, *problems), desired.settings)
    broken = {problem.file for problem in found if problem.is_error}
    return Plan(
        revision=desired.snapshot.revision,
        base=actual.revision,
        environments=_plan_environments(desired, pipelines, actual),
        pipelines=pipelines,
        versions=versions,
        prune=removed(desired, actual.applied),
        schedules=tuple(_plan_schedule(each, (scheduled or {}).get(each.file)) for each in desired.schedules),
        # What a broken file says of its version is not worth hearing before it is mended.
        problems=(*found, *(problem for problem in misversioned if problem.file not in broken)),
    )


def _plan_schedule(schedule: Schedule, firing: Firing | None) -> SchedulePlan:
    is_held = schedule.is_suspended or not schedule.is_enabled
    can_fire = not is_held and not schedule.unsupported and not (firing and firing.unsupported)
    return SchedulePlan(schedule.name, firing.pipeline if firing else "", schedule.trigger if can_fire else None)


def plan_pipeline(graph: Graph, actual: Actual, is_forced: bool = False) -> PipelinePlan:
    """What is to be done with one pipeline.

    One with a job that is not supported, or waits for what another pipeline registers, does not: the rest is planned.
    Any other runs when its closure never succeeded and is not running; a closure that succeeded before is restored.
    One that is suspended does neither, unless it is forced to.
    """
    wanted = _plan_pipeline(graph, actual, is_forced)
    why = actual.held.get(graph.pipeline) or (IN_GIT if graph.is_suspended else "")
    if is_forced or not why:
        return wanted
    held = why if wanted.action is not PipelineAction.NONE else ""
    return replace(wanted, action=PipelineAction.NONE, reasons=(why, *wanted.reasons), restores="", held=held)


def _plan_pipeline(graph: Graph, actual: Actual, is_forced: bool) -> PipelinePlan:
    if graph.hindrances:
        return PipelinePlan(graph.pipeline, PipelineAction.NONE, graph.hindrances, plan_steps(graph, actual), graph)
    current = actual.current.get(graph.pipeline)
    if not is_forced:
        if current is not None and current.closure == graph.closure and current.status.is_good:
            return PipelinePlan(graph.pipeline, PipelineAction.NONE, (), _all_reused(graph, ()), graph)
        if graph.closure in actual.running.get(graph.pipeline, frozenset()):
            reasons = ("a run of exactly this is under way",)
            return PipelinePlan(graph.pipeline, PipelineAction.NONE, reasons, _all_reused(graph, ()), graph)
        earlier = actual.succeeded.get(graph.pipeline, {}).get(graph.closure)
        if earlier is not None:
            reasons = (f"everything is as in {earlier}, which succeeded",)
            steps = _all_reused(graph, (f"restored from {earlier}",))
            return PipelinePlan(graph.pipeline, PipelineAction.RESTORE, reasons, steps, graph, earlier)
    steps = plan_steps(graph, actual)
    return PipelinePlan(graph.pipeline, PipelineAction.RUN, _pipeline_reasons(steps, graph, actual), steps, graph)


def plan_steps(graph: Graph, actual: Actual) -> tuple[StepPlan, ...]:
    """What a run of the pipeline would do with each step."""
    planned: list[StepPlan] = []
    results: dict[str, Result | None] = {}
    for step in graph.steps:
        step_plan = _plan_step(step, graph, results, actual)
        planned.append(step_plan)
        results[step.name] = step_plan.result
    return tuple(planned)


def _plan_step(step: Step, graph: Graph, results: Mapping[str, Result | None], actual: Actual) -> StepPlan:
    inputs, unknown = known_inputs(step, results)
    changes = change_reasons(step, graph.pipeline, actual)
    if unknown:
        upstream = list(dict.fromkeys(source.step for source in unknown))
        if not step.is_deterministic:
            return StepPlan(step.name, step.kind, StepAction.RUN, (*changes, "is not deterministic"))
        if changes:
            return StepPlan(step.name, step.kind, StepAction.RUN, tuple(changes))
        reason = f"after {', '.join(upstream)}: runs if what it reads changes"
        return StepPlan(step.name, step.kind, StepAction.MAYBE, (reason,))
    fingerprint = fingerprint_of(step.definition.digest, inputs)
    result = actual.results.get(fingerprint)
    if not step.is_deterministic:
        return StepPlan(step.name, step.kind, StepAction.RUN, (*changes, "is not deterministic"), fingerprint)
    if graph.force_rerun:
        return StepPlan(step.name, step.kind, StepAction.RUN, (*changes, "force_rerun is set"), fingerprint)
    if result is not None:
        return StepPlan(step.name, step.kind, StepAction.REUSE, (reuse_reason(result),), fingerprint, result)
    reasons = changes or input_reasons(step, inputs, graph.pipeline, actual) or ["its result is not known any more"]
    return StepPlan(step.name, step.kind, StepAction.RUN, tuple(reasons), fingerprint)


def known_inputs(step: Step, results: Mapping[str, Result | None]) -> tuple[dict[str, str], list[StepSource]]:
    """The content digests of a step's data inputs, and the sources that are not known yet."""
    inputs: dict[str, str] = {}
    unknown: list[StepSource] = []
    for name, source in step.sources:
        if isinstance(source, DataSource):
            inputs[name] = source.digest
            continue
        result = results.get(source.step)
        if result is None:
            unknown.append(source)
        else:
            inputs[name] = result.outputs[source.output]
    return inputs, unknown


def change_reasons(step: Step, pipeline: str, actual: Actual) -> list[str]:
    """What changed in the step itself since the pipeline's current run."""
    before = actual.current_steps.get(pipeline, {}).get(step.name)
    if before is None:
        return ["never ran" if pipeline not in actual.current else "is new in the pipeline"]
    definition = actual.definitions.get(before.definition)
    if definition is None or definition.digest == step.definition.digest:
        return []
    return definition_reasons(definition, step.definition)


def input_reasons(step: Step, inputs: Mapping[str, str], pipeline: str, actual: Actual) -> list[str]:
    """Which inputs hold other content than in the pipeline's current run, and who wrote it."""
    before = actual.current_steps.get(pipeline, {}).get(step.name)
    if before is None:
        return []
    reasons = []
    for name, source in step.sources:
        if before.inputs.get(name) == inputs.get(name):
            continue
        if isinstance(source, DataSource):
            reasons.append(f"data {source.label} changed")
        else:
            reasons.append(f"input {name} changed: {source.step} wrote other content")
    return reasons


def reuse_reason(result: Result) -> str:
    return f"same fingerprint as in {result.run_id}"


def _pipeline_reasons(steps: Iterable[StepPlan], graph: Graph, actual: Actual) -> tuple[str, ...]:
    current = actual.current.get(graph.pipeline)
    if current is None:
        return ("never ran",)
    reasons = [
        f"{step.name}: {'; '.join(step.reasons)}"
        for step in steps
        if step.action is StepAction.RUN and step.reasons != ("is not deterministic",)
    ]
    if reasons:
        return tuple(reasons)
    if current.closure == graph.closure:
        return (f"{current.id} {current.status}",)
    return tuple(_shape_changes(graph, actual)) or ("data or order changed",)


def _shape_changes(graph: Graph, actual: Actual) -> Iterable[str]:
    before = set(actual.current_steps.get(graph.pipeline, {}))
    now = {step.name for step in graph.steps}
    for name in sorted(now - before):
        yield f"step {name} is new"
    for name in sorted(before - now):
        yield f"step {name} is gone"


def _all_reused(graph: Graph, reasons: tuple[str, ...]) -> tuple[StepPlan, ...]:
    return tuple(StepPlan(step.name, step.kind, StepAction.REUSE, reasons) for step in graph.steps)


def _plan_environments(
    desired: Desired, pipelines: Iterable[PipelinePlan], actual: Actual
) -> tuple[EnvironmentPlan, ...]:
    """Environments that steps to be run may need are built; others only once something needs them."""
    needed: dict[str, str] = {}
    for pipeline in pipelines:
        if pipeline.action is not PipelineAction.RUN:
            continue
        for step, step_plan in zip(pipeline.graph.steps, pipeline.steps, strict=True):
            if step_plan.action is not StepAction.REUSE:
                needed.setdefault(step.environment.digest, f"{pipeline.name}/{step.name}")
    specs: dict[str, EnvironmentSpec] = {}
    for environment in desired.environments:
        try:
            spec = environment_spec(environment, desired)
        except Unresolved:
            continue  # told as a problem of the manifest
        specs[spec.digest] = spec
    for pipeline in pipelines:
        for step in pipeline.graph.steps:
            specs.setdefault(step.environment.digest, step.environment)
    planned = []
    for digest, spec in specs.items():
        if digest in needed and digest not in actual.ready_environments:
            reasons: tuple[str, ...] = (f"not built yet, needed by {needed[digest]}",)
            action = EnvironmentAction.BUILD
        else:
            reasons, action = (), EnvironmentAction.NONE
        planned.append(EnvironmentPlan(spec.name, spec.version, action, reasons, spec))
    return tuple(planned)
