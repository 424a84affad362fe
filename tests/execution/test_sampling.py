"""The trials that are drawn from a search space."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.execution.sampling import trials_of
from reconciler.model.sweeps import Distribution, SamplingAlgorithm, SamplingRule, Sweep

UNIFORM = Distribution("uniform", arguments=(("min_value", -1.0), ("max_value", 1.0)))
ENDS = st.tuples(st.floats(-5, 5), st.floats(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SCALARS = st.one_of(st.integers(-9, 9), st.text("abc", max_size=2))


def random_sweep(space: dict[str, Distribution], trials: int = 20, seed: int = 0) -> Sweep:
    return Sweep(tuple(sorted(space.items())), SamplingAlgorithm.RANDOM, seed, "accuracy", True, trials, trials)


def grid(space: dict[str, Distribution], trials: int = 1000) -> Sweep:
    return Sweep(tuple(sorted(space.items())), SamplingAlgorithm.GRID, 0, "accuracy", True, trials, trials)


def drawn(kind: str, trials: int = 20, seed: int = 0, **arguments: float) -> list[float]:
    sweep = random_sweep({"x": Distribution(kind, arguments=tuple(arguments.items()))}, trials, seed)
    return [float(trial["x"]) for trial in trials_of(sweep)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_equal_seeds_give_equal_trials_in_equal_order(seed: int) -> None:
    space = {
        "rate": UNIFORM,
        "depth": Distribution("choice", (1, 2, 3)),
        "n": Distribution("randint", (), (("upper", 9),)),
    }
    assert trials_of(random_sweep(space, seed=seed)) == trials_of(random_sweep(space, seed=seed))


def test_other_seeds_give_other_trials() -> None:
    assert trials_of(random_sweep({"rate": UNIFORM}, seed=1)) != trials_of(random_sweep({"rate": UNIFORM}, seed=2))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 15), st.integers(0, 15), st.integers(0, 100))
def test_more_trials_begin_with_those_that_there_were(few: int, more: int, seed: int) -> None:
    """A sweep that is prolonged reuses what it has."""
    space = {"rate": UNIFORM, "depth": Distribution("choice", (1, 2, 3))}
    first = trials_of(random_sweep(space, few, seed))
    assert trials_of(random_sweep(space, few + more, seed))[: len(first)] == first


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 4))
def test_no_trial_is_drawn_twice_nor_more_than_asked_for(trials: int, upper: int) -> None:
    found = trials_of(random_sweep({"n": Distribution("randint", (), (("upper", upper),))}, trials))
    values = [trial["n"] for trial in found]
    assert len(values) == len(set(values)) <= min(trials, upper)


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(SCALARS, min_size=1, max_size=4), min_size=1), st.integers(1, 70)
)
def test_a_grid_is_each_combination_once_up_to_the_limit(values: dict[str, list[str | int]], limit: int) -> None:
    space = {name: Distribution("choice", tuple(choices)) for name, choices in values.items()}
    found = [tuple(sorted(trial.items())) for trial in trials_of(grid(space, limit))]
    assert len(found) == len(set(found)) == min(limit, math.prod(len(set(choices)) for choices in values.values()))
    assert all(value in values[name] for trial in found for name, value in trial)


def test_a_grid_with_more_combinations_than_atoms_stops_at_its_limit() -> None:
    space = {f"p{number}": Distribution("choice", tuple(range(100))) for number in range(50)}
    assert len(trials_of(grid(space, 10))) == 10


@settings(max_examples=30, deadline=None)
@given(ENDS, st.integers(0, 100))
def test_uniform_values_lie_between_their_ends(ends: tuple[float, float], seed: int) -> None:
    low, high = ends
    assert all(low <= value <= high for value in drawn("uniform", seed=seed, min_value=low, max_value=high))


@settings(max_examples=30, deadline=None)
@given(ENDS, st.integers(0, 100))
def test_loguniform_values_lie_between_the_powers_of_e(ends: tuple[float, float], seed: int) -> None:
    low, high = ends
    values = drawn("loguniform", seed=seed, min_value=low, max_value=high)
    assert all(math.exp(low) * 0.999999 <= value <= math.exp(high) * 1.000001 for value in values)


def test_randint_values_are_whole_and_less_than_the_upper_end() -> None:
    sweep = random_sweep({"n": Distribution("randint", (), (("upper", 3),))}, 100)
    assert sorted(trials_of(sweep), key=lambda trial: int(trial["n"])) == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("quniform", {"min_value": 0, "max_value": 100}),
        ("qloguniform", {"min_value": 0, "max_value": 5}),
        ("qnormal", {"mu": 10, "sigma": 20}),
        ("qlognormal", {"mu": 1, "sigma": 1}),
    ],
)
def test_quantised_values_are_multiples_of_the_step(kind: str, arguments: dict[str, float]) -> None:
    values = drawn(kind, 20, 0, q=5, **arguments)
    assert len(values) > 1
    assert all(value % 5 == 0 for value in values)


def test_normal_values_spread_around_their_mean() -> None:
    values = drawn("normal", trials=400, mu=10, sigma=2)
    assert abs(sum(values) / len(values) - 10) < 0.5
    assert 0.5 < sum(abs(value - 10) < 2 for value in values) / len(values) < 0.85


def test_lognormal_values_are_the_powers_of_e_of_normal_ones() -> None:
    logarithms = [math.log(value) for value in drawn("lognormal", mu=1, sigma=0.5)]
    assert logarithms == pytest.approx(drawn("normal", mu=1, sigma=0.5))


def test_a_choice_is_one_of_its_values_as_written() -> None:
    found = trials_of(random_sweep({"kind": Distribution("choice", ("gbdt", 0.5, 3, False))}, 50))
    assert sorted(str(trial["kind"]) for trial in found) == ["0.5", "3", "False", "gbdt"]
    assert {type(trial["kind"]) for trial in found} == {str, float, int, bool}


def test_what_a_seed_draws_stays_what_it_is() -> None:
    """Were it anything else, every trial of every sweep would be executed again."""
    space = {"depth": Distribution("choice", ("a", 2, 3.5)), "n": Distribution("randint", (), (("upper", 9),))}
    found = trials_of(random_sweep({**space, "rate": UNIFORM}, 3, 7))
    assert found == [
        {"depth": "a", "n": 7, "rate": -0.123181537118213},
        {"depth": 3.5, "n": 8, "rate": 0.07699174082086735},
        {"depth": 2, "n": 0, "rate": -0.46312203979625766},
    ]


class TestSobol:
    """A sequence that fills the space evenly."""

    def sobol(self, trials: int = 16, seed: int = 0) -> Sweep:
        space = {"rate": UNIFORM, "depth": Distribution("choice", (1, 2, 3, 4))}
        return replace(random_sweep(space, trials, seed), rule=SamplingRule.SOBOL)

    @pytest.mark.parametrize("seed", [0, 1, 7])
    def test_of_sixteen_points_each_sixteenth_of_the_range_holds_one(self, seed: int) -> None:
        found = trials_of(self.sobol(seed=seed))
        assert sorted(int((float(trial["rate"]) + 1) * 8) for trial in found) == list(range(16))
        assert sorted(int(trial["depth"]) for trial in found) == sorted([1, 2, 3, 4] * 4)

    def test_equal_seeds_give_equal_sequences_and_others_other_ones(self) -> None:
        assert trials_of(self.sobol()) == trials_of(self.sobol())
        assert trials_of(self.sobol()) != trials_of(self.sobol(seed=1))

    def test_more_trials_begin_with_those_that_there_were(self) -> None:
        assert trials_of(self.sobol(20))[:16] == trials_of(self.sobol())

    def test_no_trial_is_drawn_twice(self) -> None:
        few = replace(self.sobol(), search_space=(("depth", Distribution("choice", (1, 2))),))
        assert sorted(int(trial["depth"]) for trial in trials_of(few)) == [1, 2]


@pytest.mark.parametrize("kind", ["loguniform", "lognormal", "qloguniform", "qlognormal"])
def test_another_base_of_logarithms_takes_its_powers(kind: str) -> None:
    ends = {"mu": 1.0, "sigma": 0.5} if "normal" in kind else {"min_value": 0.0, "max_value": 2.0}
    step = {"q": 0.001} if kind.startswith("q") else {}
    sweep = random_sweep({"x": Distribution(kind, arguments=tuple({**ends, **step}.items()))})
    to_e = [math.log(float(trial["x"])) for trial in trials_of(sweep)]
    to_ten = [math.log10(float(trial["x"])) for trial in trials_of(replace(sweep, logbase=10.0))]
    assert to_ten == pytest.approx(to_e, abs=0.01)
