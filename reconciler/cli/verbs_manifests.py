"""`validate` and `plan`: what is wrong with manifests, and what would be done about them."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.contract import plan_json, validation_json
from reconciler.cli.engine_choice import DOCKER
from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.cli.show_problems import show_problems
from reconciler.cli.work_tree import below, loaded_tree, plan_tree
from reconciler.environments.base_images import BaseImages
from reconciler.model.configuration import Configuration
from reconciler.model.plan import EnvironmentAction, PipelineAction, Plan, StepAction
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

DONE, REFUSED, WORK_TO_DO = 0, 1, 3


def validate(path: Path, folder: StateFolder, form: Format, data_roots: tuple[str, ...]) -> int:
    """Check the manifests below a path; 1 where there are errors."""
    state = State(folder)
    try:
        with loaded_tree(path, state, data_roots) as tree:
            problems = [problem for problem in tree.problems if below(tree, path, problem.file)]
            if form is not Format.TABLE:
                print_data(validation_json(tree.desired, problems), form)
            else:
                show_problems(problems, tree.content)
                errors = sum(problem.is_error for problem in problems)
                counted = f"{len(tree.desired.manifests)} manifests in {tree.desired.file_count} YAML files"
                say(
                    f"{counted}: {errors} errors, {len(problems) - errors} warnings"
                    if problems
                    else f"{counted}: valid"
                )
            return REFUSED if any(problem.is_error for problem in problems) else DONE
    finally:
        state.close()


def plan(
    path: Path,
    folder: StateFolder,
    form: Format,
    is_exit_code: bool,
    data_roots: tuple[str, ...],
    configuration: Configuration,
) -> int:
    """Show what a work tree would change; 1 where it is refused, 3 with `--exit-code` where there is work."""
    state = State(folder)
    try:
        with loaded_tree(path, state, data_roots, _pinned_images(state, configuration)) as tree:
            made, _ = plan_tree(tree, state)
            if form is not Format.TABLE:
                print_data(plan_json(made), form)
            else:
                show_problems(made.problems, tree.content)
                show_plan(made)
    finally:
        state.close()
    if made.has_errors:
        return REFUSED
    return WORK_TO_DO if is_exit_code and made.has_work else DONE


def _pinned_images(state: State, configuration: Configuration) -> BaseImages | None:
    """The images as the engine of this state has pinned them; nothing is asked of any engine or registry."""
    if state.settings.engine != DOCKER:
        return None
    return BaseImages(state.image_pins, None, configuration.docker.build)


def show_plan(made: Plan) -> None:
    """A plan that a reviewer can read aloud."""
    say(f"plan for {made.revision}" + (f" (applied now: {made.base})" if made.base else ""))
    for environment in made.environments:
        if environment.action is EnvironmentAction.BUILD:
            say(f"  build environment {environment.name}: {'; '.join(environment.reasons)}")
    for version in made.versions:
        note = "" if version.is_ok else f", but this is a {version.required} change"
        why = f" ({', '.join(version.why)})" if version.why else ""
        say(f"  {version.kind} {version.name} {version.old} → {version.new}{note}{why}")
    for pipeline in made.pipelines:
        if pipeline.action is PipelineAction.NONE:
            reused = f", {len(pipeline.steps)} steps as they are"
            say(
                f"  pipeline {pipeline.name}: nothing to do{'; ' + pipeline.reasons[0] if pipeline.reasons else reused}"
            )
            continue
        if pipeline.action is PipelineAction.RESTORE:
            say(f"  pipeline {pipeline.name}: restore {pipeline.restores}, nothing executes")
            continue
        count = {action: sum(step.action is action for step in pipeline.steps) for action in StepAction}
        say(
            f"  pipeline {pipeline.name}: run {count[StepAction.RUN]}, maybe {count[StepAction.MAYBE]}, "
            f"reuse {count[StepAction.REUSE]} of {len(pipeline.steps)} steps"
        )
        print_table(
            ("    STEP", "ACTION", "WHY"),
            [(f"    {step.name}", step.action, "; ".join(step.reasons)) for step in pipeline.steps],
        )
    for pruned in made.prune:
        say(f"  {pruned.kind} {pruned.name} is gone from Git; its runs and models are kept")
    if not made.has_work and not made.has_errors:
        say("nothing to do")
