"""Sweeps as the jobs of a pipeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.problems import Code, Problem
from reconciler.model.sweeps import (
    Distribution,
    EarlyTermination,
    EarlyTerminationPolicy,
    SamplingAlgorithm,
    SamplingRule,
    Sweep,
)

from .documents import pipeline, sweep
from .repository import pipeline_of, problem_of, problems_of


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
        timeout_seconds=7200.0,
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


def problem_of_sweep(**changes: object) -> Problem:
    """The only problem of a sweep in a pipeline, its pointer from the job on."""
    problem = problem_of(pipeline({"tune": sweep(**changes)}))
    assert problem.pointer[:2] == ("jobs", "tune")
    return replace(problem, pointer=problem.pointer[2:])


RANDOM: dict[str, Any] = {
    "sampling_algorithm": "random",
    "search_space": {"x": {"type": "uniform", "min_value": 0, "max_value": 1}},
}


def test_random_sampling_may_follow_a_sobol_sequence_and_take_another_base_of_logarithms() -> None:
    read = sweep_of(**{**RANDOM, "sampling_algorithm": {"type": "random", "rule": "sobol", "logbase": "10"}})
    assert (read.rule, read.logbase) == (SamplingRule.SOBOL, 10.0)
    plain = sweep_of(**{**RANDOM, "sampling_algorithm": {"type": "random", "rule": "random", "logbase": "e"}})
    assert plain == sweep_of(**RANDOM)


@pytest.mark.parametrize("logbase", ["two", 0, 1, -10, "inf", "nan"])
def test_a_base_of_logarithms_is_a_number_that_can_be_one(logbase: object) -> None:
    problem = problem_of_sweep(**{**RANDOM, "sampling_algorithm": {"type": "random", "logbase": logbase}})
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, ("sampling_algorithm", "logbase"))
    assert problem.message == f"`logbase` is {logbase!r}, which is no base of logarithms"


def test_bayesian_sampling_is_read() -> None:
    limits = {"max_total_trials": 8, "max_concurrent_trials": 2}
    read = sweep_of(sampling_algorithm={"type": "bayesian", "seed": 3}, limits=limits)
    assert (read.algorithm, read.seed, read.max_concurrent_trials) == (SamplingAlgorithm.BAYESIAN, 3, 2)


def test_a_bayesian_sweep_needs_an_end() -> None:
    assert problem_of_sweep(sampling_algorithm="bayesian", limits=...).code is Code.MISSING_PROPERTY


@pytest.mark.parametrize("limits", [{"max_total_trials": 8}, {"max_total_trials": 8, "max_concurrent_trials": 8}])
def test_a_bayesian_sweep_whose_trials_all_run_at_once_is_told_to_learn_nothing(limits: object) -> None:
    problem = problem_of_sweep(sampling_algorithm="bayesian", limits=limits)
    assert (problem.code, problem.pointer, problem.is_error) == (Code.NO_EFFECT, ("limits",), False)
    assert problem.message == "bayesian sampling learns nothing here: all 8 trials are drawn before one has ended"


def test_more_trials_at_once_than_there_are_is_a_warning() -> None:
    problem = problem_of_sweep(limits={"max_total_trials": 4, "max_concurrent_trials": 5})
    assert problem.pointer == ("limits", "max_concurrent_trials")
    assert not problem.is_error
    assert problem.hint == "write 4 or less, or raise `max_total_trials`"


@pytest.mark.parametrize("key", ["timeout", "trial_timeout"])
def test_time_limits_are_whole_seconds(key: str) -> None:
    problem = problem_of_sweep(limits={"max_total_trials": 4, key: 1.5})
    assert problem.code is Code.INVALID_VALUE
    assert problem.pointer == ("limits", key)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            {"type": "bandit", "slack_factor": 0.1, "evaluation_interval": 2, "delay_evaluation": 5},
            EarlyTermination(EarlyTerminationPolicy.BANDIT, 2, 5, slack_factor=0.1),
        ),
        ({"type": "bandit", "slack_amount": 0.2}, EarlyTermination(EarlyTerminationPolicy.BANDIT, slack_amount=0.2)),
        ({"type": "median_stopping"}, EarlyTermination(EarlyTerminationPolicy.MEDIAN_STOPPING)),
        (
            {"type": "truncation_selection", "truncation_percentage": 20, "exclude_finished_jobs": True},
            EarlyTermination(
                EarlyTerminationPolicy.TRUNCATION_SELECTION, truncation_percentage=20, exclude_finished=True
            ),
        ),
    ],
)
def test_every_policy_of_early_termination_is_read(written: dict[str, Any], read: EarlyTermination) -> None:
    assert sweep_of(early_termination=written).early_termination == read
    assert sweep_of(early_termination=None).early_termination is None


@pytest.mark.parametrize(
    ("written", "code", "key", "hint"),
    [
        ({"type": "bandit"}, Code.MISSING_PROPERTY, None, "add `slack_factor: 0.1`"),
        (
            {"type": "bandit", "slack_factor": 0.1, "slack_amount": 1},
            Code.INVALID_VALUE,
            "slack_amount",
            "remove one of the two",
        ),
        ({"type": "truncation_selection"}, Code.MISSING_PROPERTY, None, "add `truncation_percentage: 20`"),
        ({"type": "bandid", "slack_factor": 0.1}, Code.INVALID_VALUE, "type", "did you mean `bandit`?"),
    ],
)
def test_a_policy_that_does_not_say_what_it_needs_is_an_error(
    written: dict[str, Any], code: Code, key: str | None, hint: str
) -> None:
    problem = problem_of_sweep(early_termination=written)
    assert (problem.code, problem.is_error) == (code, True)
    assert problem.pointer == ("early_termination", *([key] if key else []))
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        (
            {"early_termination": {"type": "median_stopping", "slack_factor": 0.1}},
            ("early_termination", "slack_factor"),
            "`slack_factor` has no effect on median_stopping",
        ),
        (
            {"early_termination": {"type": "bandit", "slack_factor": 0.1, "truncation_percentage": 5}},
            ("early_termination", "truncation_percentage"),
            "`truncation_percentage` has no effect on bandit",
        ),
        (
            {"sampling_algorithm": {"type": "grid", "rule": "sobol"}},
            ("sampling_algorithm", "rule"),
            "`rule` has no effect on grid sampling",
        ),
        (
            {"search_space": {"x": {"type": "choice", "values": [1], "q": 2}}},
            ("search_space", "x", "q"),
            "`q` has no effect on choice",
        ),
    ],
)
def test_what_belongs_to_another_kind_is_a_warning(
    changes: dict[str, Any], place: tuple[str, ...], message: str
) -> None:
    problem = problem_of_sweep(**changes)
    assert (problem.code, problem.is_error) == (Code.NO_EFFECT, False)
    assert (problem.pointer, problem.message) == (place, message)


def test_a_misspelt_setting_is_told_with_the_nearest_name() -> None:
    problem = problem_of_sweep(early_termination={"type": "median_stopping", "evaluation_intervall": 2})
    assert (problem.code, problem.is_error) == (Code.UNKNOWN_PROPERTY, False)
    assert problem.hint == "did you mean `evaluation_interval`?"


@pytest.mark.parametrize(
    "described",
    [
        {"type": "loguniform", "min_value": 1, "max_value": 1000},
        {"type": "qlognormal", "mu": 500, "sigma": 100, "q": 1},
    ],
)
def test_a_distribution_whose_powers_no_number_can_hold_is_an_error(described: dict[str, Any]) -> None:
    problem = problem_of_sweep(**{**RANDOM, "search_space": {"x": described}})
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, ("search_space", "x"))
    assert "takes exponents" in problem.hint


def test_a_command_that_uses_an_unknown_parameter_is_told_the_nearest_one() -> None:
    trial = {"command": "train --depth ${{search_space.dept}}", "environment": "azureml:python@^1.0"}
    (problem,) = (each for each in problems_of(pipeline({"tune": sweep(trial=trial)})) if each.is_error)
    assert problem.pointer == ("jobs", "tune", "trial", "command")
    assert problem.message == "the command uses `search_space.dept`, which is no parameter of the sweep"
    assert problem.hint == "did you mean `depth`?"
