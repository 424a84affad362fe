"""`validate` and `plan`: what is wrong with manifests, and what would be done about them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.cli.contract import next_firing, plan_json, validation_json
from reconciler.cli.engine_choice import DOCKER
from reconciler.cli.lock_table import telling_lines
from reconciler.cli.output import CheckFormat, Format, harmless, print_data, print_table, say
from reconciler.cli.outside_data import make_remote_data
from reconciler.cli.show_problems import annotate, counted, show_problems
from reconciler.cli.work_tree import LoadedTree, below, loaded_tree, plan_tree, version_problems
from reconciler.environments.base_images import BaseImages
from reconciler.model.configuration import Configuration
from reconciler.model.plan import EnvironmentAction, PipelineAction, PipelinePlan, Plan, StepAction, VersionPlan
from reconciler.model.problems import Code, Problem, Severity
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

DONE, REFUSED, WORK_TO_DO = 0, 1, 3


def validate(
    path: Path, folder: StateFolder, form: CheckFormat, data_roots: tuple[str, ...], is_strict: bool = False
) -> int:
    """Check the manifests below a path; 1 where there are errors."""
    state = State(folder)
    try:
        remote_data = make_remote_data(state, Configuration())
        with loaded_tree(path, state, data_roots, is_strict=is_strict, remote_data=remote_data) as tree:
            found = (*tree.problems, *version_problems(tree, state))
            problems = [_softened(problem) for problem in found if below(tree, path, problem.file)]
            problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
            if form in (CheckFormat.JSON, CheckFormat.YAML):
                print_data(validation_json(tree.desired, problems), Format(form))
            else:
                _tell(problems, tree, form)
                looked_at = f"{len(tree.desired.manifests)} manifests in {tree.desired.file_count} YAML files"
                say(f"{looked_at}: {counted(problems) if problems else 'valid'}")
            return REFUSED if any(problem.is_error for problem in problems) else DONE
    finally:
        state.close()


def plan(
    path: Path,
    folder: StateFolder,
    form: CheckFormat,
    is_exit_code: bool,
    data_roots: tuple[str, ...],
    configuration: Configuration,
    is_strict: bool = False,
) -> int:
    """Show what a work tree would change; 1 where it is refused, 3 with `--exit-code` where there is work."""
    state = State(folder)
    try:
        images, remote_data = pinned_images(state, configuration), make_remote_data(state, configuration)
        with loaded_tree(path, state, data_roots, images, is_strict, remote_data) as tree:
            made, _ = plan_tree(tree, state)
            if form in (CheckFormat.JSON, CheckFormat.YAML):
                print_data(plan_json(made), Format(form))
            else:
                _tell(made.problems, tree, form)
                show_plan(made)
    finally:
        state.close()
    if made.has_errors:
        return REFUSED
    return WORK_TO_DO if is_exit_code and made.has_work else DONE


def _tell(problems: Sequence[Problem], tree: LoadedTree, form: CheckFormat) -> None:
    if form is CheckFormat.GITHUB:
        annotate(problems)
    else:
        show_problems(problems, tree.content)


def _softened(problem: Problem) -> Problem:
    """A store that cannot be asked now says nothing against a manifest: it is valid, though nothing can be planned."""
    return replace(problem, severity=Severity.WARNING) if problem.code is Code.UNREACHABLE_DATA else problem


def pinned_images(state: State, configuration: Configuration) -> BaseImages | None:
    """The images as the engine of this state has pinned them; nothing is asked of any engine or registry."""
    if state.settings.engine != DOCKER:
        return None
    return BaseImages(state.image_pins, None, configuration.docker.build)


def show_plan(made: Plan) -> None:
    """A plan that a reviewer can read aloud."""
    _say(f"plan for {made.revision}" + (f" (applied now: {made.base})" if made.base else ""))
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
        _say(f"  {pruned.kind} {pruned.name} is gone from Git; its runs and models are kept")
    if made.has_errors:
        _say(f"refused: {counted(made.problems)}; nothing of this happens before the errors are mended")
    elif not made.has_work:
        _say("nothing to do")


def _say_pipeline(pipeline: PipelinePlan) -> None:
    if pipeline.action is PipelineAction.NONE and not pipeline.graph.hindrances:
        reused = f", {len(pipeline.steps)} steps as they are"
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
