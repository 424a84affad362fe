"""The state where nobody can be asked: whatever the base asks for has been done."""

from __future__ import annotations

from hypothesis import assume, given, settings

from reconciler.model.plan import EnvironmentAction, PipelineAction, StepAction
from reconciler.planning.assumed import assumed_actual, names_in
from reconciler.planning.diff import plan, plan_steps
from reconciler.planning.graph import GraphBuilder

from .edits import HISTORIES, Choice, files_of, local_data_of, revisions_of, tags_of
from .history import desired_of


@settings(max_examples=50, deadline=None)
@given(HISTORIES)
def test_against_itself_a_revision_has_nothing_to_do(history: tuple[Choice, list[Choice]]) -> None:
    choice = revisions_of(history)[-1]
    desired = desired_of(files_of(choice), local_data_of(choice), tags_of(choice))
    graphs, problems = GraphBuilder().build(desired)
    assume(len({graph.pipeline for graph in graphs}) == len(graphs))
    actual = assumed_actual("main@sha1:1", graphs, [], names_in(desired))
    made = plan(desired, graphs, problems, actual)
    assert {each.action for each in made.pipelines} <= {PipelineAction.NONE}
    assert {each.action for each in made.environments} <= {EnvironmentAction.NONE}
    assert made.prune == ()


@settings(max_examples=50, deadline=None)
@given(HISTORIES)
def test_steps_whose_closures_the_base_has_are_reused_and_others_are_not(history: tuple[Choice, list[Choice]]) -> None:
    choices = revisions_of(history)
    both = []
    for choice in (choices[0], choices[-1]):
        desired = desired_of(files_of(choice), local_data_of(choice), tags_of(choice))
        both.append([graph for graph in GraphBuilder().build(desired)[0] if not graph.hindrances])
    known = {step.closure for graph in both[0] for step in graph.steps}
    actual = assumed_actual("main@sha1:1", both[0], [], frozenset())
    for graph in both[1]:
        for step, planned in zip(graph.steps, plan_steps(graph, actual), strict=True):
            if not step.is_deterministic or graph.force_rerun:
                assert planned.action is StepAction.RUN
            elif step.closure in known:
                assert planned.action is StepAction.REUSE
            else:
                assert planned.action is not StepAction.REUSE
