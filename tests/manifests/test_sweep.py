"""Sweeps as the jobs of a pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.problems import Code
from reconciler.model.sweeps import Distribution, SamplingAlgorithm, Sweep

from .documents import pipeline, sweep
from .repository import pipeline_of, problem_of


def sweep_of(**changes: object) -> Sweep:
    (job,) = pipeline_of(pipeline({"tune": sweep(**changes)})).jobs
    assert job.sweep is not None
    return job.sweep


def test_every_field_of_a_sweep_is_read() -> None:
    read = sweep_of(
        sampling_algorithm={"type": "random", "seed": 7},
        search_space={
            "rate": {"type": "loguniform", "min_value": -6, "max_value": -1},
            "depth": {"type": "choice", "values": [1, "two", 3.5, True]},
        },
        objective={"goal": "minimize", "primary_metric": "loss"},
        limits={"max_total_trials": 20, "max_concurrent_trials": 4, "timeout": 7200, "trial_timeout": 600},
    )
    assert read == Sweep(
        search_space=(
            ("depth", Distribution("choice", (1, "two", 3.5, True))),
            ("rate", Distribution("loguniform", (), (("min_value", -6), ("max_value", -1)))),
        ),
        algorithm=SamplingAlgorithm.RANDOM,
        seed=7,
        metric="loss",
        maximize=False,
        max_total_trials=20,
        max_concurrent_trials=4,
        trial_timeout_seconds=600.0,
    )


@pytest.mark.parametrize(
    ("described", "arguments"),
    [
        ({"type": "randint", "upper": 10}, (("upper", 10),)),
        ({"type": "uniform", "min_value": 0, "max_value": 1}, (("min_value", 0), ("max_value", 1))),
        ({"type": "quniform", "min_value": 0, "max_value": 9, "q": 3}, (("min_value", 0), ("max_value", 9), ("q", 3))),
        ({"type": "qloguniform", "min_value": 0, "max_value": 2}, (("min_value", 0), ("max_value", 2))),
        ({"type": "normal", "mu": 0, "sigma": 1}, (("mu", 0), ("sigma", 1))),
        ({"type": "lognormal", "mu": 0.5, "sigma": 0.1}, (("mu", 0.5), ("sigma", 0.1))),
        ({"type": "qnormal", "mu": 0, "sigma": 1, "q": 0.5}, (("q", 0.5), ("mu", 0), ("sigma", 1))),
        ({"type": "qlognormal", "mu": 0, "sigma": 1, "q": 1}, (("q", 1), ("mu", 0), ("sigma", 1))),
    ],
)
def test_every_distribution_is_read(described: dict[str, Any], arguments: tuple[tuple[str, float], ...]) -> None:
    read = sweep_of(search_space={"x": described}, sampling_algorithm="random")
    assert read.search_space == (("x", Distribution(described["type"], (), arguments)),)


def test_the_order_of_a_search_space_changes_nothing() -> None:
    a, b = {"type": "choice", "values": [1]}, {"type": "choice", "values": [2]}
    assert sweep_of(search_space={"a": a, "b": b}) == sweep_of(search_space={"b": b, "a": a})


def test_a_sweep_draws_at_random_with_seed_0_and_all_trials_at_once_unless_said() -> None:
    read = sweep_of(sampling_algorithm=..., limits={"max_total_trials": 3})
    assert (read.algorithm, read.seed, read.max_concurrent_trials) == (SamplingAlgorithm.RANDOM, 0, 3)
    assert read.trial_timeout_seconds is None


def test_a_grid_ends_by_itself() -> None:
    assert sweep_of(limits=...).max_total_trials == 1000


def test_a_random_sweep_needs_an_end() -> None:
    problem = problem_of(pipeline({"tune": sweep(sampling_algorithm="random", limits=...)}))
    assert problem.code is Code.MISSING_PROPERTY
    assert problem.pointer == ("jobs", "tune")
    assert problem.hint == "add `limits: {max_total_trials: 20}`"


def test_a_grid_takes_choices_only() -> None:
    problem = problem_of(pipeline({"tune": sweep(search_space={"x": {"type": "randint", "upper": 3}})}))
    assert problem.code is Code.INVALID_VALUE
    assert problem.pointer == ("jobs", "tune", "search_space", "x")
    assert problem.hint == "list its values or sample at random"


def test_a_range_needs_its_ends_in_order() -> None:
    described = {"type": "uniform", "min_value": 1, "max_value": 0}
    problem = problem_of(pipeline({"tune": sweep(sampling_algorithm="random", search_space={"x": described})}))
    assert problem.code is Code.INVALID_VALUE
    assert problem.pointer == ("jobs", "tune", "search_space", "x")
    assert problem.message == "`x` has a least value of 1 and a greatest of 0"
    assert problem.hint == "swap `min_value` and `max_value`"


def test_what_a_sweep_does_not_support_is_told_as_having_no_effect() -> None:
    problem = problem_of(pipeline({"tune": sweep(early_termination={"type": "bandit", "slack_factor": 0.1})}))
    assert problem.code is Code.UNKNOWN_PROPERTY
    assert not problem.is_error
