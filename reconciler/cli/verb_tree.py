"""`tree`: a run with its steps, nested pipelines and trials, and who depends on whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.cli.contract import rfc3339, seconds
from reconciler.cli.output import Format, harmless, print_data, say
from reconciler.cli.reads import reads_of
from reconciler.cli.run_graph import Node, nodes_of
from reconciler.cli.whereabouts import Where
from reconciler.model.errors import UnknownError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run
from reconciler.state.store import State

Body = dict[str, Any]
_RUNS_COMPARED = 500  # to guess which one was meant


def tree(target: str, where: Where, form: Format) -> int:
    """Print the tree of a run, or of the newest run of a pipeline.

    Raises:
        UsageError: there is no such run, and no such pipeline or no run of it.
    """
    with reads_of(where) as reads:
        body = reads.tree(target)
    if form is Format.TABLE:
        _show(body)
    else:
        print_data(body, form)
    return 0


def tree_json(state: State, target: str) -> Body:
    """The tree of a run, or of the newest run of a pipeline.

    Raises:
        UsageError: there is no such run, and no such pipeline or no run of it.
    """
    run = _run(state, target)
    return _tree_json(run, nodes_of(state, run))


def _run(state: State, target: str) -> Run:
    run = state.runs.get(target) or next(iter(state.runs.recent(target, limit=1)), None)
    if run is not None:
        return run
    pipelines = {each.name for each in state.sources.resources() if each.kind == Kind.PIPELINE}
    if target in pipelines:
        raise UnknownError(f"pipeline `{target}` has not run yet", hint=f"see `reconciler describe pipeline {target}`")
    recent = state.runs.recent(limit=_RUNS_COMPARED)
    known = sorted({*pipelines, *(run.id for run in recent), *(run.pipeline for run in recent)})
    raise UnknownError(
        f"there is no run and no pipeline `{target}`", hint=did_you_mean(target, known, "see `reconciler runs`")
    )


def _tree_json(run: Run, nodes: Sequence[Node]) -> Body:
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


def _step_json(node: Node, nodes: Sequence[Node]) -> Body:
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


def _show(body: Body) -> None:
    restored = f" from {body['restored_from']}" if body["restored_from"] else ""
    took = f" in {body['seconds']:.1f} s" if body["seconds"] is not None else ""
    root = _Branch(f"{body['run']} {body['status']}{restored}{took} · {body['revision']} · {body['trigger']}")
    width = max((len(step["name"].rpartition(".")[2]) for step in body["steps"]), default=0)
    for step in body["steps"]:
        *above, name = step["name"].split(".")
        branch = root
        for part in above:
            branch = branch.below.setdefault(part, _Branch(part))
        made = branch.below[name] = _Branch(_step_line(name, step, width))
        made.below.update((trial["name"], _Branch(_trial_line(step["name"], trial))) for trial in step["trials"])
    say(harmless(root.line))
    _print_below(root, "")


def _print_below(branch: _Branch, indent: str) -> None:
    below = list(branch.below.values())
    for each in below:
        is_last = each is below[-1]
        say(harmless(f"{indent}{'└─ ' if is_last else '├─ '}{each.line}"))
        _print_below(each, f"{indent}{'   ' if is_last else '│  '}")


def _step_line(name: str, step: Body, width: int) -> str:
    status = f"{step['status']} from {step['reused_from']}" if step["reused_from"] else step["status"]
    data = ", ".join(read["data"] for read in step["inputs"] if read["data"])
    parts = [
        f"{status}{_took(step)}",
        _of_version(step["component"], step["component_version"]),
        _of_version(step["environment"], step["environment_version"]),
        f"reads {data}" if data else "",
    ]
    arrow = f" ← {', '.join(step['after'])}" if step["after"] else ""
    return f"{name:<{width}}  {' · '.join(filter(None, parts))}{arrow}"


def _of_version(name: str | None, version: str | None) -> str:
    return f"{name} {version or ''}".strip() if name is not None else ""


def _trial_line(step: str, trial: Body) -> str:
    given = ", ".join(f"{name}={value}" for name, value in trial["hyperparameters"].items())
    measured = sorted((name, value) for name, value in trial["metrics"].items() if value is not None)
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in measured[:1])
    told = " · ".join(filter(None, (f"{trial['status']}{_took(trial)}", given, metrics)))
    return f"{trial['name'].removeprefix(step)}  {told}"


def _took(body: Body) -> str:
    return f" {body['seconds']:.1f} s" if body["seconds"] is not None else ""
