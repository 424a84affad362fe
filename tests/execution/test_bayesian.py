"""Trials drawn from what the earlier ones gave."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.execution.bayesian import next_trial
from reconciler.execution.distributions import drawn_for, value_of
from reconciler.execution.sampling import Parameters
from reconciler.model.sweeps import Distribution, SamplingAlgorithm, Sweep

EVERY_KIND = {
    "choice": Distribution("choice", ("gbdt", 2, 0.5, False)),
    "randint": Distribution("randint", (), (("upper", 9),)),
    "uniform": Distribution("uniform", (), (("min_value", -1), ("max_value", 2))),
    "quniform": Distribution("quniform", (), (("min_value", 1), ("max_value", 20), ("q", 5))),
    "loguniform": Distribution("loguniform", (), (("min_value", -6), ("max_value", 1))),
    "qloguniform": Distribution("qloguniform", (), (("min_value", -6), ("max_value", 3), ("q", 0.5))),
    "normal": Distribution("normal", (), (("mu", 3), ("sigma", 2))),
    "qnormal": Distribution("qnormal", (), (("q", 2), ("mu", 0), ("sigma", 5))),
    "lognormal": Distribution("lognormal", (), (("mu", 0), ("sigma", 1))),
    "qlognormal": Distribution("qlognormal", (), (("q", 1), ("mu", 1), ("sigma", 1))),
}


def sweep(space: dict[str, Distribution], seed: int = 0, maximize: bool = True) -> Sweep:
    return Sweep(tuple(sorted(space.items())), SamplingAlgorithm.BAYESIAN, seed, "accuracy", maximize, 50, 1)


def drawn(of: Sweep, count: int, judge: Callable[[Parameters], float | None], at_once: int = 1) -> list[Parameters]:
    """So many trials, each from the results of those at least `at_once` before it."""
    trials: list[Parameters] = []
    while len(trials) < count:
        told = trials[: max(0, len(trials) - at_once + 1)]
        trial = next_trial(of, trials, [judge(each) for each in told])
        assert trial is not None
        trials.append(trial)
    return trials


def near(target: float) -> Callable[[Parameters], float]:
    return lambda trial: -abs(float(trial["x"]) - target)


@pytest.mark.parametrize("maximize", [True, False])
def test_it_looks_where_the_results_are_better(maximize: bool) -> None:
    space = {"x": Distribution("uniform", (), (("min_value", 0), ("max_value", 100)))}
    sign = 1 if maximize else -1
    trials = drawn(sweep(space, maximize=maximize), 30, lambda trial: sign * near(30)(trial))
    late = [abs(float(trial["x"]) - 30) for trial in trials[-10:]]
    assert sum(late) / len(late) < 15


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_equal_results_give_equal_trials_taken_up_in_the_middle_or_not(seed: int, at_once: int) -> None:
    of = sweep(EVERY_KIND, seed)
    trials = drawn(of, 16, lambda trial: float(trial["uniform"]), at_once)
    assert drawn(of, 16, lambda trial: float(trial["uniform"]), at_once) == trials
    kept: list[Parameters] = json.loads(json.dumps(trials[:13]))  # as the state keeps them
    values: list[float | None] = [float(trial["uniform"]) for trial in kept[: 14 - at_once]]
    assert next_trial(of, kept, values) == trials[13]


def test_other_results_and_other_seeds_give_other_trials() -> None:
    space = {"x": EVERY_KIND["uniform"]}
    trials = drawn(sweep(space), 14, near(0))
    assert drawn(sweep(space), 14, near(1))[:10] == trials[:10], "the first ones are drawn at random"
    assert drawn(sweep(space), 14, near(1)) != trials
    assert drawn(sweep(space, seed=1), 14, near(0)) != trials


def test_no_trial_is_drawn_twice_and_a_space_comes_to_an_end() -> None:
    of = sweep({"x": Distribution("choice", (1, 2, 3)), "kind": Distribution("choice", ("a", "b"))})
    trials: list[Parameters] = []
    while (trial := next_trial(of, trials, [0.5] * len(trials))) is not None:
        trials.append(trial)
    assert sorted(map(str, trials)) == sorted(str({"kind": k, "x": x}) for k in "ab" for x in (1, 2, 3))


def test_trials_that_gave_nothing_or_no_finite_number_teach_nothing_and_hinder_nothing() -> None:
    def judge(trial: Parameters) -> float | None:
        value = float(trial["uniform"])
        return None if value < 0 else math.inf if value > 1.5 else value

    assert len(drawn(sweep(EVERY_KIND), 15, judge)) == 15
    assert len(drawn(sweep(EVERY_KIND), 15, lambda _: None)) == 15


@given(st.sampled_from(sorted(EVERY_KIND)), st.floats(0, 1), st.sampled_from([None, 2.0, 10.0]))
def test_the_way_back_from_a_hyperparameter_leads_to_it_again(kind: str, share: float, logbase: float | None) -> None:
    from reconciler.execution.distributions import drawn_from

    distribution = EVERY_KIND[kind]
    ends = drawn_from(distribution)
    low, high = ends.low, ends.high
    position = low + share * (high - low)
    value = value_of(distribution, round(position) if kind in ("choice", "randint") else position, logbase)
    again = value_of(distribution, drawn_for(distribution, value, logbase), logbase)
    assert type(again) is type(value)
    assert again == (pytest.approx(value, rel=1e-6, abs=1e-6) if isinstance(value, float) else value)
