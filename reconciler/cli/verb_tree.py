"""`tree`: a run with its steps, nested pipelines and trials, and who depends on whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.cli.contract import rfc3339, seconds
from reconciler.cli.output import Format, harmless, print_data, say
from reconciler.cli.run_graph import Node, nodes_of
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run, StepRun
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

_RUNS_COMPARED = 500  # to guess which one was meant


def tree(target: str, folder: StateFolder, form: Format) -> int:
    """Print the tree of a run, or of the newest run of a pipeline.

    Raises:
        UsageError: there is no such run, and no such pipeline or no run of it.
    """
    state = State(folder)
    try:
        run = _run(state, target)
        nodes = nodes_of(state, run)
        if form is Format.TABLE:
            _show(run, nodes)
        else:
            print_data(_tree_json(run, nodes), form)
        return 0
    finally:
        state.close()


def _run(state: State, target: str) -> Run:
    run = state.runs.get(target) or next(iter(state.runs.recent(target, limit=1)), None)
    if run is not None:
        return run
    pipelines = {each.name for each in state.sources.resources() if each.kind == Kind.PIPELINE}
    if target in pipelines:
        raise UsageError(f"pipeline `{target}` has not run yet", hint=f"see `reconciler describe pipeline {target}`")
    recent = state.runs.recent(limit=_RUNS_COMPARED)
    known = sorted({*pipelines, *(run.id for run in recent), *(run.pipeline for run in recent)})
    raise UsageError(
        f"there is no run and no pipeline `{target}`", hint=did_you_mean(target, known, "see `reconciler runs`")
    )


def _tree_json(run: Run, nodes: Sequence[Node]) -> dict[str, Any]:
    return {
        "run": run.id,
        "pipeline": run.pipeline,
        "source": run.source,
        "revision": run.revision,
        "status": run.status,
        "trigger": run.trigger,
        "started": rfc3339(run.started),
        "seconds": seconds(run.started, run.ended),
        "restored_from": run.restored_from or None,
        "steps": [_step_json(node, nodes) for node in nodes],
    }


def _step_json(node: Node, nodes: Sequence[Node]) -> dict[str, Any]:
    step, definition = node.step, node.definition
    return {
        "name": step.name,
        "node": step.name.rpartition(".")[0] or None,
        "kind": step.kind,
        "status": step.status,
        "reused_from": step.reused_from or None,
        "seconds": seconds(step.started, step.ended),
        "component": definition.component if definition else None,
        "component_version": definition.version if definition else None,
        "environment": definition.environment if definition else None,
        "environment_version": node.environment_version or None,
        "after": list(node.after),
        "before": [other.step.name for other in nodes if step.name in other.after],
        "inputs": [
            {
                "name": read.port,
                "digest": read.digest or None,
                "step": read.step or None,
                "output": read.output or None,
                "data": read.data or None,
            }
            for read in node.reads
        ],
        "reasons": list(step.reasons),
        "trials": [
            {
                "name": f"{trial.name}[{trial.trial}]",
                "status": trial.status,
                "seconds": seconds(trial.started, trial.ended),
                "hyperparameters": dict(trial.hyperparameters),
                "metrics": dict(trial.metrics),
            }
            for trial in node.trials
        ],
    }


@dataclass
class _Branch:
    """A line of the tree with those below it."""

    line: str
    below: dict[str, _Branch] = field(default_factory=dict)


def _show(run: Run, nodes: Sequence[Node]) -> None:
    restored = f" from {run.restored_from}" if run.restored_from else ""
    took = f" in {run.ended - run.started:.1f} s" if run.ended else ""
    root = _Branch(f"{run.id} {run.status}{restored}{took} · {run.revision} · {run.trigger}")
    width = max((len(node.step.name.rpartition(".")[2]) for node in nodes), default=0)
    for node in nodes:
        *above, name = node.step.name.split(".")
        branch = root
        for part in above:
            branch = branch.below.setdefault(part, _Branch(part))
        made = branch.below[name] = _Branch(_step_line(name, node, width))
        made.below.update((trial.trial, _Branch(_trial_line(trial))) for trial in node.trials)
    say(harmless(root.line))
    _print_below(root, "")


def _print_below(branch: _Branch, indent: str) -> None:
    below = list(branch.below.values())
    for each in below:
        is_last = each is below[-1]
        say(harmless(f"{indent}{'└─ ' if is_last else '├─ '}{each.line}"))
        _print_below(each, f"{indent}{'   ' if is_last else '│  '}")


def _step_line(name: str, node: Node, width: int) -> str:
    step = node.step
    status = f"{step.status} from {step.reused_from}" if step.reused_from else str(step.status)
    data = ", ".join(read.data for read in node.reads if read.data)
    parts = [f"{status}{_took(step)}", node.component, node.environment, f"reads {data}" if data else ""]
    arrow = f" ← {', '.join(node.after)}" if node.after else ""
    return f"{name:<{width}}  {' · '.join(filter(None, parts))}{arrow}"


def _trial_line(trial: StepRun) -> str:
    given = ", ".join(f"{name}={value}" for name, value in trial.hyperparameters.items())
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in sorted(trial.metrics.items())[:1])
    return f"[{trial.trial}]  {' · '.join(filter(None, (f'{trial.status}{_took(trial)}', given, metrics)))}"


def _took(step: StepRun) -> str:
    return f" {step.ended - step.started:.1f} s" if step.started is not None and step.ended is not None else ""
