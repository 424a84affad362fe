"""Graphs of pipelines in Mermaid, as forges draw them, with what is done to each step marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.model.plan import PipelinePlan, StepAction
from reconciler.model.steps import Step
from reconciler.review.escape import label

_MOST_STEPS: Final = 60  # a drawing of more is no help to anybody
_MOST_EDGES: Final = 200
# Words and edges keep their own colours, so that they can be read on a light page as on a dark one.
_CLASSES: Final = {
    StepAction.RUN: "fill:#f59e0b,stroke:#92400e,stroke-width:3px,color:#111827",
    StepAction.MAYBE: "fill:#c4b5fd,stroke:#5b21b6,stroke-dasharray:5 4,color:#111827",
    StepAction.REUSE: "fill:#e5e7eb,stroke:#6b7280,color:#111827",
}
_REST: Final = "rest"


def graph_of(pipeline: PipelinePlan) -> str:
    """The graph as a fenced block; of a large one the steps that run and those right before them."""
    return "\n".join(("```mermaid", *_lines(pipeline), "```"))


def _lines(pipeline: PipelinePlan) -> Iterator[str]:
    actions = {step.name: step.action for step in pipeline.steps}
    steps = pipeline.graph.steps
    drawn = _drawn(steps, actions)
    nodes = {step.name: f"s{number}" for number, step in enumerate(steps) if step.name in drawn}
    yield "flowchart LR"
    for name, node in nodes.items():
        yield f'  {node}["{label(name)}"]'
    left_out = len(steps) - len(nodes)
    if left_out:
        yield f'  {_REST}["{left_out} more steps"]'
    edges = [f"  {nodes[name]} --> {nodes[step.name]}" for step in steps for name in _before(step, nodes)]
    yield from edges[:_MOST_EDGES]
    for action, style in _CLASSES.items():
        marked = [node for name, node in nodes.items() if actions[name] is action]
        if action is StepAction.REUSE and left_out:
            marked.append(_REST)
        if marked:
            yield f"  classDef {action} {style}"
            yield f"  class {','.join(marked)} {action}"


def _before(step: Step, nodes: dict[str, str]) -> Iterable[str]:
    return [name for name in step.after if name in nodes] if step.name in nodes else []


def _drawn(steps: Sequence[Step], actions: dict[str, StepAction]) -> set[str]:
    if len(steps) <= _MOST_STEPS:
        return {step.name for step in steps}
    running = [step for step in steps if actions[step.name] is StepAction.RUN]
    maybe = [step for step in steps if actions[step.name] is StepAction.MAYBE]
    before = [name for step in running for name in step.after]
    wanted = (*(step.name for step in running), *before, *(step.name for step in maybe))
    return set(list(dict.fromkeys(wanted))[:_MOST_STEPS])
