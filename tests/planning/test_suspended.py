"""Pipelines and schedules that are held still: the plan says so, and nothing of what they are changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.plan import Actual, PipelineAction
from reconciler.planning.diff import plan, plan_pipeline
from reconciler.planning.graph import GraphBuilder

from .history import History
from .test_firing import LENDING
from .world import World, pipeline_plan

TOLD = "suspended by ada@lab since 2026-01-01T12:00:00Z"
SUSPENDED = {"lending.yaml": {**LENDING, "suspended": True}}
PLAIN = {"lending.yaml": LENDING}


def test_in_git_it_changes_neither_closure_nor_identity() -> None:
    held, free = History().revision(SUSPENDED), History().revision(PLAIN)
    assert held.pipelines[0].identity == free.pipelines[0].identity
    (held_graph,), _ = GraphBuilder().build(held)
    (free_graph,), _ = GraphBuilder().build(free)
    assert held_graph.closure == free_graph.closure
    assert held_graph.is_suspended
    assert not free_graph.is_suspended


def test_what_is_held_still_does_nothing_and_the_plan_says_what_it_would() -> None:
    world = World()
    held = pipeline_plan(world.plan(SUSPENDED))
    assert (held.action, held.held) == (PipelineAction.NONE, "suspended in its manifest")
    assert held.reasons == ("suspended in its manifest", "never ran")
    assert [step.action for step in held.steps] == ["run"]
    assert not world.plan(SUSPENDED).has_work


def test_nothing_is_held_where_there_is_nothing_to_do() -> None:
    world = World()
    world.apply(PLAIN)
    held = pipeline_plan(world.plan(SUSPENDED))
    assert (held.action, held.held, held.reasons) == (PipelineAction.NONE, "", ("suspended in its manifest",))


@pytest.mark.parametrize("files", [PLAIN, SUSPENDED])
def test_who_holds_it_still_by_hand_is_named(files: dict[str, dict[str, object]]) -> None:
    (graph,), _ = GraphBuilder().build(History().revision(files))
    actual = Actual(held={"lending": TOLD})
    assert plan_pipeline(graph, actual).reasons[0] == TOLD
    assert plan_pipeline(graph, actual).restores == ""


def test_what_is_forced_is_not_held() -> None:
    (graph,), _ = GraphBuilder().build(History().revision(SUSPENDED))
    assert plan_pipeline(graph, Actual(held={"lending": TOLD}), is_forced=True).action is PipelineAction.RUN


def test_a_restoration_waits_too() -> None:
    world = World()
    world.apply(PLAIN)
    world.apply({"lending.yaml": {**LENDING, "inputs": {"seed": {"type": "integer", "value": 2}, "day": "none"}}})
    world.actual = replace(world.actual, held={"lending": TOLD})
    held = pipeline_plan(world.plan(PLAIN))
    assert (held.action, held.restores, held.held) == (PipelineAction.NONE, "", TOLD)


def test_a_schedule_that_git_holds_still_does_not_fire() -> None:
    trigger = {"type": "cron", "expression": "0 6 * * *"}
    nightly = {"name": "nightly", "trigger": trigger, "create_job": "./lending.yaml"}
    for suspended in (True, False):
        desired = History().revision({**PLAIN, "nightly.yaml": {**nightly, "suspended": suspended}})
        (made,) = plan(desired, [], [], Actual()).schedules
        assert (made.trigger is None) is suspended
