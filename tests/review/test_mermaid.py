"""Graphs in Mermaid: what is done is marked, what is too much is counted, and names are no statements."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import PipelineAction, PipelinePlan, StepAction, StepPlan
from reconciler.model.steps import Definition, EnvironmentSpec, Graph, Step
from reconciler.review.mermaid import graph_of

_ENVIRONMENT = EnvironmentSpec("tools", None, "sha256:1", "tools.yaml")
_LINE = re.compile(
    r'```mermaid|```|flowchart LR|  \w+\["(?:[A-Za-z0-9 ]|#\d+;)*"\]|  s\d+ --> s\d+'
    r"|  classDef \w+ [\w#:,. -]+|  class [\w,]+ \w+"
)


def _plan(actions: dict[str, StepAction]) -> PipelinePlan:
    steps, before = [], ""
    for name in actions:
        definition = Definition(name, None, "", None, "tools", "sha256:1", (), (), (), digest=name)
        steps.append(Step(name, definition, _ENVIRONMENT, (), (before,) if before else (), True, name))
        before = name
    graph = Graph("p", None, "p.yaml", "p", tuple(steps), "c")
    planned = tuple(StepPlan(name, "command", action) for name, action in actions.items())
    return PipelinePlan("p", PipelineAction.RUN, (), planned, graph)


def test_each_step_is_drawn_after_those_it_needs_in_the_colour_of_what_is_done() -> None:
    lines = graph_of(_plan({"a": StepAction.REUSE, "b": StepAction.RUN, "c": StepAction.MAYBE})).splitlines()
    assert lines[1:6] == ["flowchart LR", '  s0["a"]', '  s1["b"]', '  s2["c"]', "  s0 --> s1"]
    assert {"  class s0 reuse", "  class s1 run", "  class s2 maybe"} <= set(lines)


def test_of_a_large_pipeline_what_runs_and_what_stands_before_it_is_drawn() -> None:
    actions = {f"x{number}": StepAction.RUN if number == 250 else StepAction.REUSE for number in range(500)}
    lines = graph_of(_plan(actions)).splitlines()
    assert [line for line in lines if '["' in line] == ['  s249["x249"]', '  s250["x250"]', '  rest["498 more steps"]']


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5, unique=True))
def test_names_are_words_in_a_label_and_nothing_else(names: list[str]) -> None:
    for line in graph_of(_plan(dict.fromkeys(names, StepAction.RUN))).splitlines():
        assert _LINE.fullmatch(line), line
