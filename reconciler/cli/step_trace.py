"""`trace` of one step: who executed it, what it read, and who made that, back to data."""

from __future__ import annotations

from typing import Any

from reconciler.cli.contract import seconds
from reconciler.cli.output import harmless, print_table, say
from reconciler.cli.run_graph import Node, Read, executed, nodes_of
from reconciler.model.errors import UnknownError
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run, StepRun
from reconciler.state.store import State

Body = dict[str, Any]
_NOTHING_READ: Body = {"name": "", "digest": None, "made_by": None, "data": None}


def run_and_step(state: State, target: str) -> tuple[Run, str] | None:
    """The run and the step that `RUN/STEP` or `PIPELINE/STEP` means; None where it means something else."""
    name, slash, step = target.partition("/")
    if not slash:
        return None
    newest = state.runs.current(name) or next(iter(state.runs.recent(name, limit=1)), None)
    run = state.runs.get(name) or newest
    return (run, step) if run is not None else None


def trace_step(state: State, run: Run, wanted: str) -> tuple[Body, Run]:
    """A step traced back, and the run that executed it.

    Raises:
        UsageError: the run has no such step.
    """
    nodes = {node.step.name: node for node in nodes_of(state, run)}
    if wanted not in nodes:
        hint = did_you_mean(wanted, sorted(nodes), f"it has {', '.join(nodes) or 'none yet'}")
        raise UnknownError(f"{run.id} has no step `{wanted}`", hint=hint)
    node = nodes[wanted]
    made = executed(state, node.step)
    made_in = state.runs.get(made.run_id) or run
    body = {
        "step": wanted,
        "run": run.id,
        "status": node.step.status,
        "executed_by": {"run": made.run_id, "step": made.name},
        "seconds": seconds(made.started, made.ended),
        "mlflow_run_id": made.mlflow_run_id,
        "source": made_in.source,
        "revision": made_in.revision,
        "reasons": list(node.step.reasons),
        **_made_of(state, node, nodes),
        "upstream": [
            {"step": each.step.name, "executed_by": _executed_by(state, each.step), **_made_of(state, each, nodes)}
            for each in _upstream(node, nodes)
        ],
    }
    return body, made_in


def _made_of(state: State, node: Node, nodes: dict[str, Node]) -> Body:
    return {
        "component": node.component or None,
        "environment": node.environment or None,
        "fingerprint": node.step.fingerprint,
        "inputs": [_input_json(state, read, nodes) for read in node.reads],
    }


def _input_json(state: State, read: Read, nodes: dict[str, Node]) -> Body:
    made_by = None
    if read.step in nodes:
        made_by = {**_executed_by(state, nodes[read.step].step), "output": read.output}
    return {"name": read.port, "digest": read.digest or None, "made_by": made_by, "data": read.data or None}


def _executed_by(state: State, step: StepRun) -> Body:
    made = executed(state, step)
    return {"run": made.run_id, "step": made.name}


def _upstream(node: Node, nodes: dict[str, Node]) -> list[Node]:
    """All that a step comes after, the nearest first, each once."""
    found: dict[str, Node] = {}
    waiting = list(node.after)
    while waiting:
        name = waiting.pop(0)
        if name in nodes and name not in found:
            found[name] = nodes[name]
            waiting.extend(nodes[name].after)
    return list(found.values())


def show_step(body: Body) -> None:
    """Print a step that was traced."""
    made = body["executed_by"]
    took = f" in {body['seconds']:.1f} s" if body["seconds"] is not None else ""
    _say("step", f"{body['step']} of {body['run']} ({body['status']})")
    _say("executed", f"{made['run']}/{made['step']}{took}")
    _say("mlflow", body["mlflow_run_id"] or "not recorded")
    _say("revision", f"{body['revision']} of source {body['source']}")
    if body["commit"]:
        _say("commit", f"{body['commit']['subject']} · {body['commit']['author']} · {body['commit']['authored']}")
    _say("made of", " · ".join(filter(None, (body["component"], body["environment"], body["fingerprint"][:12]))))
    rows = [
        (
            each["step"],
            each["executed_by"]["run"],
            each["component"] or "",
            read["name"],
            (read["digest"] or "")[:16],
            _from(read),
        )
        for each in (body, *body["upstream"])
        for read in each["inputs"] or [_NOTHING_READ]
    ]
    print_table(("STEP", "EXECUTED BY", "COMPONENT", "INPUT", "DIGEST", "FROM"), rows)


def _from(read: Body) -> str:
    if read["data"]:
        return f"data {read['data']}"
    made = read["made_by"]
    return f"{made['step']}.{made['output']} of {made['run']}" if made else ""


def _say(label: str, value: str) -> None:
    say(harmless(f"{label:<8}  {value}"))
