"""Trials in the order of their worth."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from reconciler.execution.sweep_run import rank
from reconciler.model.runs import Result
from reconciler.model.sweeps import SamplingAlgorithm, Sweep

VALUES = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


def sweep(maximize: bool) -> Sweep:
    return Sweep((), SamplingAlgorithm.GRID, 0, "accuracy", maximize, 100, 100)


def trial(value: float | None) -> Result:
    metrics = {"loss": 1.0} if value is None else {"accuracy": value}
    return Result("", "", {}, "lending-1", "train", metrics=metrics)


def accuracy_of(result: Result) -> float | None:
    value = result.metrics.get("accuracy")
    return None if value is None or math.isnan(value) else value


@given(st.lists(VALUES, min_size=1, max_size=8), st.booleans())
def test_no_trial_is_better_than_the_first_and_those_without_a_number_come_last(
    values: list[float | None], maximize: bool
) -> None:
    ranked = rank(sweep(maximize), [(str(number), trial(value)) for number, value in enumerate(values)])
    assert sorted(int(number) for number, _ in ranked) == list(range(len(values)))
    metrics = [accuracy_of(result) for _, result in ranked]
    numbers = [value for value in values if value is not None and not math.isnan(value)]
    assert metrics == sorted(numbers, reverse=maximize) + [None] * (len(values) - len(numbers))


@given(st.lists(st.sampled_from([None, 0.5, 0.7, math.nan]), min_size=1, max_size=12), st.booleans())
def test_of_trials_that_are_equally_good_the_one_drawn_first_comes_first(
    values: list[float | None], maximize: bool
) -> None:
    ranked = rank(sweep(maximize), [(str(number), trial(value)) for number, value in enumerate(values)])
    for (one, first), (other, second) in itertools.pairwise(ranked):
        if accuracy_of(first) == accuracy_of(second):
            assert int(one) < int(other)
