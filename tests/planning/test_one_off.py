"""What a run with other inputs runs: another graph under another name, which promotes nothing."""

from __future__ import annotations

import pytest

from reconciler.model.desired import Desired
from reconciler.model.pipelines import CHAMPION, Literal
from reconciler.model.problems import Code
from reconciler.planning.firing import Firing
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.one_off import given_inputs, one_off
from reconciler.planning.resolve import Registry

from .history import History
from .test_firing import LENDING

SINGLE: dict[str, object] = {
    "type": "command",
    "name": "lending",
    "command": "echo ${{inputs.seed}}",
    "inputs": {"seed": 1},
    "environment": {"image": "python"},
}


def desired_of(manifest: dict[str, object]) -> Desired:
    return History().revision({"lending.yaml": manifest})


def asked(manifest: dict[str, object], **inputs: int) -> Firing:
    desired = desired_of(manifest)
    (pipeline,) = desired.pipelines
    return one_off(pipeline, [(name, Literal(value)) for name, value in inputs.items()], Registry(desired))


@pytest.mark.parametrize("manifest", [LENDING, SINGLE], ids=["pipeline", "single job"])
def test_it_is_given_other_inputs_and_goes_by_another_name(manifest: dict[str, object]) -> None:
    (of_git,), _ = GraphBuilder().build(desired_of(manifest))
    graph = asked(manifest, seed=2).graph
    assert graph is not None
    assert graph.pipeline == "lending@run"
    assert str(dict(graph.steps[0].definition.literals)["seed"]) == "2"
    assert graph.closure != of_git.closure


@pytest.mark.parametrize("gate", [{}, {"promotion": {"metric": "auc", "alias": "live"}}], ids=["no gate", "a gate"])
def test_it_promotes_nothing(gate: dict[str, object]) -> None:
    graph = asked({**LENDING, **gate}, seed=2).graph
    assert graph is not None
    assert graph.promotion is not None
    assert graph.promotion.alias == ("live" if gate else CHAMPION)
    assert graph.promotion.bar == "a one-off run with other inputs promotes nothing"


def test_that_git_holds_it_still_is_for_who_starts_it_to_judge() -> None:
    graph = asked({**LENDING, "suspended": True}, seed=2).graph
    assert graph is not None
    assert not graph.is_suspended


def test_an_input_that_there_is_not_is_a_problem_with_the_nearest() -> None:
    found = asked(LENDING, sed=2)
    assert [(problem.code, problem.hint) for problem in found.problems] == [
        (Code.UNDECLARED_INPUT, "did you mean `seed`?")
    ]


def test_the_inputs_are_told_with_their_types_and_values() -> None:
    assert given_inputs(desired_of(LENDING).pipelines[0]) == {
        "seed": ("integer", Literal(1)),
        "day": ("", Literal("none")),
    }
    assert given_inputs(desired_of(SINGLE).pipelines[0]) == {"seed": ("", Literal(1))}
