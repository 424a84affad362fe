"""How long a plan may take, judged by what ran before."""

from __future__ import annotations

import pytest

from reconciler.model.digests import digest_of
from reconciler.model.plan import PipelineAction, PipelinePlan, StepAction, StepPlan
from reconciler.model.steps import Definition, EnvironmentSpec, Graph, Step
from reconciler.planning.expected_time import EarlierStep, PipelineTime, expected_time

RUN, MAYBE, REUSE = StepAction.RUN, StepAction.MAYBE, StepAction.REUSE
_ENVIRONMENT = EnvironmentSpec("tools", None, "sha256:1", "tools.yaml")
# split → left, right → join
_AFTER: dict[str, tuple[str, ...]] = {"split": (), "left": ("split",), "right": ("split",), "join": ("left", "right")}
_SECONDS = {"split": 10.0, "left": 100.0, "right": 30.0, "join": 5.0}


def _step(name: str) -> Step:
    definition = Definition(name, None, name, None, "tools", "sha256:1", (), (), (), digest=name)
    return Step(name, definition, _ENVIRONMENT, (), _AFTER[name], True, digest_of(name))


def _time(action: PipelineAction = PipelineAction.RUN, /, *unknown: str, **actions: StepAction) -> PipelineTime:
    graph = Graph("p", None, "p.yaml", "p", tuple(map(_step, _AFTER)), "c")
    steps = tuple(StepPlan(name, "command", actions.get(name, REUSE)) for name in _AFTER)
    earlier = {name: [EarlierStep(name, seconds)] for name, seconds in _SECONDS.items() if name not in unknown}
    return expected_time(PipelinePlan("p", action, (), steps, graph), earlier)


def test_steps_side_by_side_count_once_for_the_wall_and_each_for_the_work() -> None:
    time = _time(split=RUN, left=RUN, right=RUN, join=RUN)
    assert (time.wall, time.work) == (115.0, 145.0)
    assert (time.most_wall, time.most_work) == (115.0, 145.0)


def test_what_is_reused_takes_no_time_and_what_may_run_at_most_its_own() -> None:
    time = _time(right=RUN, join=MAYBE)
    assert (time.wall, time.work) == (30.0, 30.0)
    assert (time.most_wall, time.most_work) == (35.0, 35.0)
    assert time.steps.keys() == {"right", "join"}


def test_what_never_ran_is_unknown_and_counts_as_nothing() -> None:
    time = _time(PipelineAction.RUN, "left", split=RUN, left=RUN)
    assert time.unknown == ("left",)
    assert time.wall == 10.0


@pytest.mark.parametrize("action", [PipelineAction.NONE, PipelineAction.RESTORE])
def test_where_nothing_executes_nothing_takes_time(action: PipelineAction) -> None:
    time = _time(action, split=RUN)
    assert (time.steps, time.wall, time.most_work) == ({}, 0.0, 0.0)


def test_executions_of_the_very_same_definition_say_more_than_others() -> None:
    graph = Graph("p", None, "p.yaml", "p", (_step("split"),), "c")
    plan = PipelinePlan("p", PipelineAction.RUN, (), (StepPlan("split", "command", RUN),), graph)
    other = [EarlierStep("older", 900.0)]
    same = [EarlierStep("split", seconds) for seconds in (7.0, 1.0, 4.0)]
    known = expected_time(plan, {"split": [*other, *same]}).steps["split"]
    assert known is not None
    assert (known.median, known.shortest, known.longest, known.count, known.is_same) == (4.0, 1.0, 7.0, 3, True)
    before = expected_time(plan, {"split": other}).steps["split"]
    assert before is not None
    assert (before.median, before.is_same) == (900.0, False)
