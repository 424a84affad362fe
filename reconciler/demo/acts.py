"""The seven acts: what is changed and pushed, and what must come of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.output import print_table, say
from reconciler.cli.run_table import show_run
from reconciler.demo.stage import DemoError, Stage
from reconciler.model.runs import Run

_OVERSAMPLE_1_1_0 = Path(__file__).parent / "oversample_1_1_0"
_PREPARE = "components/lending_club_process_data"


@dataclass(frozen=True, slots=True)
class Act:
    title: str
    play: Callable[[Stage], None]


def open_the_house(stage: Stage) -> None:
    stage.wait_for_daemon()
    say(f"work tree  {stage.work_tree}")
    say(f"state      {stage.state_folder.root}")
    say(f"daemon     process {stage.daemon_pid}")
    counts = {
        kind: len(list((stage.work_tree / folder).glob(pattern)))
        for kind, folder, pattern in (
            ("components", "components", "*/component.yaml"),
            ("environments", "environments", "*/environment.yaml"),
            ("data assets", "data", "*.yaml"),
            ("pipelines", "pipelines", "*.yaml"),
        )
    }
    print_table(("KIND", "MANIFESTS"), [(kind, str(count)) for kind, count in counts.items()])


def first_push(stage: Stage) -> None:
    _show(stage, stage.push())


def edit_the_readme(stage: Stage) -> None:
    readme = stage.work_tree / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\nTrained on every push.\n", encoding="utf-8")
    stage.commit("README: say when it is trained")
    _show(stage, stage.push())


def release_oversample(stage: Stage) -> None:
    shutil.copytree(_OVERSAMPLE_1_1_0, stage.work_tree / "components" / "oversample", dirs_exist_ok=True)
    stage.commit("oversample 1.1.0: optional input method")
    _show(stage, stage.push())


def change_code_but_not_its_output(stage: Stage) -> None:
    run = stage.work_tree / _PREPARE / "src" / "run.py"
    run.write_text(run.read_text(encoding="utf-8") + "\n# The columns are documented in component.yaml.\n")
    stage.edit(f"{_PREPARE}/component.yaml", "version: 1.0.0", "version: 1.0.1")
    stage.commit("lending_club_process_data 1.0.1: a comment")
    _show(stage, stage.push())


def take_both_back(stage: Stage) -> None:
    stage.git("revert", "--no-edit", "HEAD", "HEAD~1")
    _show(stage, stage.push())


def push_a_broken_manifest(stage: Stage) -> None:
    stage.edit("pipelines/lending_club.yaml", "test_size: ${{parent.inputs.test_size}}", "test_sise: 0.3")
    stage.commit("Hold out more loans")
    runs = stage.push()
    if runs or not stage.refusal():
        raise DemoError("a broken manifest was applied")
    say(f"refused    {stage.git('rev-parse', '--short', 'HEAD')}: {stage.refusal()}")
    say(f"applied    {stage.git('rev-parse', '--short', stage.applied_commit())}, the last good revision, as before")


def _show(stage: Stage, runs: list[Run]) -> None:
    """The table of what an act came to."""
    if stage.refusal():
        raise DemoError(f"the push was refused: {stage.refusal()}")
    for run in runs:
        show_run(stage.state, run)
        if not run.status.is_good:
            raise DemoError(
                f"{run.id} {run.status}", hint=f"reconciler logs {run.id} --state {stage.state_folder.root}"
            )
    if not runs:
        rows = [
            (resource.name, condition.reason, condition.message)
            for resource in stage.state.sources.resources()
            if str(resource.kind) == "pipeline"
            for condition in resource.conditions[:1]
        ]
        print_table(("PIPELINE", "REASON", "MESSAGE"), rows)
        say("nothing was built, nothing ran")


ACTS = (
    Act("A repository is laid out, and a daemon follows its origin", open_the_house),
    Act("First push: everything is built and run", first_push),
    Act("A README is edited: nothing to do", edit_the_readme),
    Act("oversample 1.1.0 gets an optional input: only what reads it runs", release_oversample),
    Act("Code changes but not what it writes: early cut-off", change_code_but_not_its_output),
    Act("git revert of both: the first run is restored, nothing is executed", take_both_back),
    Act("A broken manifest: refused", push_a_broken_manifest),
)
