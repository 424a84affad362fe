"""The gate: what beats a champion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.pipelines import Goal, Promotion
from reconciler.planning.promotion import Contender, is_beaten, judge

GATE = Promotion("accuracy")
finite = st.floats(-1e6, 1e6)


def contender(metric: float | None, *names: str) -> Contender:
    return Contender("1.0.0", metric, names)


@pytest.mark.parametrize(
    ("goal", "min_delta", "champion", "new", "expected"),
    [
        (Goal.MAXIMIZE, 0.0, 0.8, 0.81, True),
        (Goal.MAXIMIZE, 0.0, 0.8, 0.8, False),
        (Goal.MAXIMIZE, 0.0, 0.8, 0.79, False),
        (Goal.MAXIMIZE, 0.01, 0.81, 0.82, True),
        (Goal.MAXIMIZE, 0.01, 0.80, 0.809, False),
        (Goal.MAXIMIZE, -0.01, 0.8, 0.8, True),
        (Goal.MAXIMIZE, -0.01, 0.8, 0.79, True),
        (Goal.MAXIMIZE, -0.01, 0.8, 0.78, False),
        (Goal.MINIMIZE, 0.0, 0.3, 0.2, True),
        (Goal.MINIMIZE, 0.0, 0.3, 0.3, False),
        (Goal.MINIMIZE, 0.1, 0.3, 0.2, True),
        (Goal.MINIMIZE, 0.1, 0.3, 0.25, False),
        (Goal.MINIMIZE, -0.1, 0.3, 0.4, True),
        (Goal.MAXIMIZE, 0.0, math.nan, 0.1, True),
        (Goal.MAXIMIZE, 0.0, math.inf, math.inf, False),
        (Goal.MAXIMIZE, 0.0, -math.inf, 0.0, True),
    ],
)
def test_better_by_min_delta_wins(goal: Goal, min_delta: float, champion: float, new: float, expected: bool) -> None:
    assert is_beaten(Promotion("accuracy", goal, min_delta), champion, new) is expected


@given(champion=finite, new=finite)
def test_without_min_delta_one_of_two_beats_the_other_or_they_are_equal(champion: float, new: float) -> None:
    assert [is_beaten(GATE, champion, new), is_beaten(GATE, new, champion)].count(True) == (champion != new)


@given(champion=finite, new=finite, min_delta=st.floats(-10, 10))
def test_to_minimize_is_to_maximize_the_opposite(champion: float, new: float, min_delta: float) -> None:
    low, high = (Promotion("loss", goal, min_delta) for goal in (Goal.MINIMIZE, Goal.MAXIMIZE))
    assert is_beaten(low, champion, new) == is_beaten(high, -champion, -new)


def test_the_first_is_promoted() -> None:
    assert judge(GATE, contender(0.5), None) == (True, "there was no champion")


def test_the_reason_names_both_figures_and_what_was_demanded() -> None:
    assert judge(GATE, contender(0.5), contender(0.75)) == (False, "accuracy 0.5, champion 1.0.0 has 0.75")
    gate = Promotion("accuracy", min_delta=0.1, alias="live")
    assert judge(gate, contender(0.9), contender(0.75)) == (
        True,
        "accuracy 0.9, live 1.0.0 has 0.75, min_delta 0.1",
    )


def test_without_the_metric_it_is_not_promoted_and_those_that_there_are_are_named() -> None:
    assert judge(GATE, contender(None, "loss", "auc"), None) == (
        False,
        "it has no metric `accuracy`: there are auc, loss",
    )
    assert judge(GATE, contender(None), None) == (False, "it has no metric `accuracy`: its run logged none")
    many = judge(GATE, contender(None, *"abcdefghijk"), None)[1]
    assert many.endswith("there are a, b, c, d, e, f, g, h and 3 more")


def test_what_is_not_a_number_is_not_promoted() -> None:
    assert judge(GATE, contender(math.nan), None) == (False, "its accuracy is not a number")


def test_a_champion_without_the_metric_stays_and_the_way_out_is_told() -> None:
    is_promoted, why = judge(GATE, contender(0.5), contender(None))
    assert not is_promoted
    assert why.startswith("champion 1.0.0 has no metric `accuracy` to be compared with; move the alias `champion`")


def test_a_bar_holds_whatever_the_metric_says() -> None:
    barred = Promotion("accuracy", bar="a trial")
    assert judge(barred, contender(0.9), contender(0.1)) == (False, "a trial")
    assert judge(barred, contender(0.9), None) == (False, "a trial")
