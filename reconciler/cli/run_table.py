"""The table of a run: each step, what became of it, and why."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cli.output import print_table, say
from reconciler.model.runs import Judgement, Run, StepRun
from reconciler.state.store import State


def show_run(state: State, run: Run) -> None:
    """Print a run with its steps and the models that it registered."""
    steps = state.runs.steps(run.id)
    restored = f" (restored from {run.restored_from})" if run.restored_from else ""
    took = f" in {run.ended - run.started:.1f} s" if run.ended else ""
    say(f"{run.id}: {run.status}{restored}{took} · {run.revision}")
    print_table(
        ("STEP", "STATUS", "SECONDS", "METRIC", "WHY"),
        [
            _row(step, [trial for trial in steps if trial.name == step.name and trial.trial])
            for step in steps
            if not step.trial
        ],
    )
    verdicts = {(each.name, each.version): verdict(each) for each in state.model_registry.judgements(run.id)}
    for model in state.runs.models(run.id):
        aliases = f" ({', '.join(model.aliases)})" if model.aliases else ""
        more = filter(None, (model.semver, verdicts.get((model.name, model.version), "")))
        say(" · ".join([f"model {model.name} version {model.version}{aliases}", *more]))
    if run.error:
        say(f"error: {run.error}")


def verdict(judgement: Judgement) -> str:
    """What the gate of a run said of a version."""
    return f"{'promoted' if judgement.is_promoted else 'not promoted'}: {judgement.why}"


def _row(step: StepRun, trials: Sequence[StepRun]) -> tuple[str, str, str, str, str]:
    took = f"{step.ended - step.started:.1f}" if step.started and step.ended else ""
    name = f"{step.name} ({len(trials)} trials)" if trials else step.name
    return name, step.status, took, _metric(step), "; ".join(step.reasons)


def _metric(step: StepRun) -> str:
    """The one figure that says most: the validation accuracy where there is one, else the first metric."""
    for name, value in sorted(step.metrics.items(), key=lambda item: (item[0] != "val_accuracy", item[0])):
        return f"{name} {value:.4f}"
    return ""
