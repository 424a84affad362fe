"""The table of a run: each step, what became of it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cli.contract import run_json
from reconciler.cli.output import print_table, say
from reconciler.model.runs import Run
from reconciler.state.store import State

Body = Mapping[str, Any]


def show_run(state: State, run: Run) -> None:
    """Print a run with its steps and the models that it registered."""
    told = run_json(run, state.runs.steps(run.id), state.model_registry.judgements(run.id))
    show_run_body({**told, "registered": registered_json(state, run)})


def registered_json(state: State, run: Run) -> list[dict[str, Any]]:
    """The models that a run registered, with the aliases that it gave them."""
    return [
        {"name": each.name, "version": each.version, "semver": each.semver or None, "aliases": list(each.aliases)}
        for each in state.runs.models(run.id)
    ]


def show_run_body(body: Body) -> None:
    """Print a run that is told as JSON, with what it registered."""
    restored = f" (restored from {body['restored_from']})" if body["restored_from"] else ""
    took = f" in {body['seconds']:.1f} s" if body["seconds"] is not None else ""
    say(f"{body['id']}: {body['status']}{restored}{took} · {body['revision']}")
    print_table(("STEP", "STATUS", "SECONDS", "METRIC", "WHY"), [_row(step) for step in body["steps"]])
    verdicts = {(each["model"], each["version"]): verdict(each) for each in body["promotions"]}
    for model in body["registered"]:
        aliases = f" ({', '.join(model['aliases'])})" if model["aliases"] else ""
        more = filter(None, (model["semver"], verdicts.get((model["name"], model["version"]), "")))
        say(" · ".join([f"model {model['name']} version {model['version']}{aliases}", *more]))
    if body["error"]:
        say(f"error: {body['error']}")


def verdict(promotion: Body) -> str:
    """What the gate of a run said of a version."""
    return f"{'promoted' if promotion['promoted'] else 'not promoted'}: {promotion['why']}"


def _row(step: Body) -> tuple[str, str, str, str, str]:
    took = "" if step["seconds"] is None else f"{step['seconds']:.1f}"
    trials = step.get("trials", ())
    name = f"{step['name']} ({len(trials)} trials)" if trials else step["name"]
    return name, step["status"], took, _metric(step), "; ".join(step["reasons"])


def _metric(step: Body) -> str:
    """The one figure that says most: the validation accuracy where there is one, else the first metric."""
    for name, value in sorted(step["metrics"].items(), key=lambda item: (item[0] != "val_accuracy", item[0])):
        return name if value is None else f"{name} {value:.4f}"
    return ""
