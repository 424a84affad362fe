"""A plan in words, for a terminal."""

from __future__ import annotations

import time

from reconciler.cli.contract import next_firing
from reconciler.cli.lock_table import telling_lines
from reconciler.cli.output import harmless, print_table, say
from reconciler.cli.show_problems import counted
from reconciler.model.manifests import Kind
from reconciler.model.plan import EnvironmentAction, PipelineAction, PipelinePlan, Plan, StepAction, VersionPlan


def show_plan(made: Plan, base_is: str = "applied now:") -> None:
    """A plan that a reviewer can read aloud."""
    _say(f"plan for {made.revision}" + (f" ({base_is} {made.base})" if made.base else ""))
    for environment in made.environments:
        if environment.action is EnvironmentAction.BUILD:
            _say(f"  build environment {environment.name}: {'; '.join(environment.reasons)}")
    for version in made.versions:
        _say(f"  {version.kind} {version.name} {version.old} → {version.new}{_said_of(version)}")
    for pipeline in made.pipelines:
        _say_pipeline(pipeline)
    for schedule in made.schedules:
        moment = next_firing(schedule, time.time())
        follows = f"next at {moment}" if moment else "does not fire"
        _say(f"  schedule {schedule.name}: {schedule.pipeline or 'nothing that can run'}, {follows}")
    for pruned in made.prune:
        kept = "; its runs and models are kept" if pruned.kind == Kind.PIPELINE else ""
        _say(f"  {pruned.kind} {pruned.name} is gone from Git{kept}")
    if made.has_errors:
        _say(f"refused: {counted(made.problems)}; nothing of this happens before the errors are mended")
    elif not made.has_work:
        _say("nothing to do")


def _say_pipeline(pipeline: PipelinePlan) -> None:
    if pipeline.action is PipelineAction.NONE and not pipeline.graph.hindrances:
        reused = f", {_as_they_are(len(pipeline.steps))}"
        _say(f"  pipeline {pipeline.name}: nothing to do{'; ' + pipeline.reasons[0] if pipeline.reasons else reused}")
        return
    if pipeline.action is PipelineAction.RESTORE:
        _say(f"  pipeline {pipeline.name}: restore {pipeline.restores}, nothing executes")
        for line in telling_lines(pipeline.graph.lock):
            _say(f"    {line}")
        return
    count = {action: sum(step.action is action for step in pipeline.steps) for action in StepAction}
    if pipeline.graph.hindrances:
        _say(f"  pipeline {pipeline.name}: does not run; {'; '.join(pipeline.reasons)}; without that:")
    _say(
        f"  pipeline {pipeline.name}: run {count[StepAction.RUN]}, maybe {count[StepAction.MAYBE]}, "
        f"reuse {count[StepAction.REUSE]} of {len(pipeline.steps)} steps"
    )
    for line in telling_lines(pipeline.graph.lock):
        _say(f"    {line}")
    print_table(
        ("    STEP", "ACTION", "WHY"),
        [(f"    {step.name}", step.action, "; ".join(step.reasons)) for step in pipeline.steps],
    )


def _as_they_are(steps: int) -> str:
    return "1 step as it is" if steps == 1 else f"{steps} steps as they are"


def _said_of(version: VersionPlan) -> str:
    """How large a step a version is, against what its change demands."""
    told = [f"{version.required}: {', '.join(version.why)}" if version.why else str(version.required)]
    if not version.is_ok:
        told.append(f"write {version.wanted}")
    if version.note:
        told.append(version.note)
    return f" ({'; '.join(told)})"


def _say(line: str) -> None:
    say(harmless(line))
