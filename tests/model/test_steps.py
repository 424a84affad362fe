"""Definitions, fingerprints, and what makes one sweep or trial another."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.manifests import Scalar
from reconciler.model.steps import CodeFolder, Definition, define, fingerprint_of
from reconciler.model.sweeps import (
    Distribution,
    EarlyTermination,
    EarlyTerminationPolicy,
    SamplingAlgorithm,
    SamplingRule,
    Sweep,
)

SWEEP = Sweep(
    search_space=(
        ("depth", Distribution("choice", (1, 2))),
        ("rate", Distribution("uniform", (), (("max_value", 1.0),))),
    ),
    algorithm=SamplingAlgorithm.RANDOM,
    seed=0,
    metric="accuracy",
    maximize=True,
    max_total_trials=4,
    max_concurrent_trials=2,
)
STEP = Definition(
    component="split",
    version="1.0.0",
    command="split ${{inputs.data}}",
    code=CodeFolder("components/split/src", "tree", {"run.py": "blob"}),
    environment="sklearn",
    environment_digest="digest",
    ports=(("data", "uri_file"),),
    literals=(("seed", 1),),
    outputs=(("train", "uri_folder"),),
    variables=(("THREADS", "1"),),
)
PARAMETERS = st.dictionaries(st.sampled_from(["depth", "rate"]), st.integers() | st.floats(0, 1), min_size=1)


def test_a_definition_that_is_kept_means_the_same_for_ever() -> None:
    """Were it another one, every result that was ever kept would be lost; a change needs a new format version."""
    assert define(STEP) == "28dadcdad0c36321a65de60ab699a3eeb391d565b90bef0100dc2d1d3d40913d"
    assert define(replace(STEP, sweep=SWEEP)) == "23f6c047d5060df02705663ac8b3b34c1af7d2f945c0dc49963a5e9c8d83254a"


@pytest.mark.parametrize(
    "other",
    [
        replace(STEP, command="split"),
        replace(STEP, code=None),
        replace(STEP, code=CodeFolder("components/split/src", "other")),
        replace(STEP, environment_digest="other"),
        replace(STEP, ports=()),
        replace(STEP, ports=(("data", "uri_folder"),)),
        replace(STEP, literals=()),
        replace(STEP, literals=(("seed", 2),)),
        replace(STEP, literals=(("seed", True),)),
        replace(STEP, literals=(("seed", 1.0),)),
        replace(STEP, literals=(("seed", "1"),)),
        replace(STEP, outputs=(("train", "uri_file"),)),
        replace(STEP, variables=()),
        replace(STEP, sweep=SWEEP),
    ],
)
def test_what_can_change_a_result_is_in_the_digest(other: Definition) -> None:
    assert define(other) != define(STEP)


@pytest.mark.parametrize(
    "other",
    [
        replace(STEP, component="other", version=None),
        replace(STEP, environment="other"),
        replace(STEP, code=CodeFolder("moved", "tree")),
        replace(STEP, digest="an earlier one"),
    ],
)
def test_names_versions_and_places_are_not(other: Definition) -> None:
    assert define(other) == define(STEP)


OTHER_SWEEPS: dict[str, object] = {
    "search_space": (("depth", Distribution("choice", (1, 2, 3))),),
    "algorithm": SamplingAlgorithm.GRID,
    "seed": 1,
    "metric": "loss",
    "maximize": False,
    "max_total_trials": 5,
    "rule": SamplingRule.SOBOL,
    "logbase": 10.0,
    "early_termination": EarlyTermination(EarlyTerminationPolicy.BANDIT, slack_factor=0.1),
}
OF_ITS_EXECUTION: dict[str, object] = {
    "max_concurrent_trials": 4,
    "trial_timeout_seconds": 60.0,
    "timeout_seconds": 600.0,
}


@pytest.mark.parametrize("name", OTHER_SWEEPS)
def test_what_draws_trials_or_chooses_the_best_makes_another_sweep_the_seed_too(name: str) -> None:
    other = replace(SWEEP, **{name: OTHER_SWEEPS[name]})  # type: ignore[arg-type]
    assert define(replace(STEP, sweep=other)) != define(replace(STEP, sweep=SWEEP))


def test_how_trials_are_run_makes_none() -> None:
    other = replace(SWEEP, **OF_ITS_EXECUTION)  # type: ignore[arg-type]
    assert define(replace(STEP, sweep=other)) == define(replace(STEP, sweep=SWEEP))
    assert {field.name for field in fields(Sweep)} == {*OTHER_SWEEPS, *OF_ITS_EXECUTION}


def test_how_many_trials_run_at_once_counts_where_each_is_drawn_from_those_before() -> None:
    bayesian = replace(SWEEP, algorithm=SamplingAlgorithm.BAYESIAN, max_total_trials=4)
    definitions = [define(replace(STEP, sweep=replace(bayesian, max_concurrent_trials=n))) for n in (1, 4, 9)]
    assert definitions[0] != definitions[1]
    assert definitions[1] == definitions[2], "more at once than there are is as many as there are"


@pytest.mark.parametrize("name", [field.name for field in fields(EarlyTermination)])
def test_each_setting_of_an_early_termination_makes_another_sweep(name: str) -> None:
    bandit = EarlyTermination(EarlyTerminationPolicy.BANDIT, slack_factor=0.1)
    value = EarlyTerminationPolicy.MEDIAN_STOPPING if name == "policy" else 2
    one = replace(SWEEP, early_termination=bandit)
    other = replace(SWEEP, early_termination=replace(bandit, **{name: value}))  # type: ignore[arg-type]
    assert define(replace(STEP, sweep=one)) != define(replace(STEP, sweep=other))


@given(PARAMETERS, PARAMETERS)
def test_each_trial_has_its_own_fingerprint_whatever_the_sweep_around_it(
    one: dict[str, Scalar], other: dict[str, Scalar]
) -> None:
    def trial(parameters: dict[str, Scalar], sweep: Sweep) -> str:
        literals = tuple(sorted({**dict(STEP.literals), **parameters}.items()))
        return fingerprint_of(define(replace(replace(STEP, sweep=sweep), literals=literals, sweep=None)), {})

    wider = replace(SWEEP, max_total_trials=400, seed=7)
    assert trial(one, SWEEP) == trial(one, wider)
    assert (trial(one, SWEEP) == trial(other, SWEEP)) == (
        sorted(map(repr, one.items())) == sorted(map(repr, other.items()))
    )


@given(st.dictionaries(st.text(), st.text(), max_size=5), st.dictionaries(st.text(), st.text(), max_size=5))
def test_a_fingerprint_is_of_the_content_of_the_inputs_by_name(one: dict[str, str], other: dict[str, str]) -> None:
    assert (fingerprint_of("definition", one) == fingerprint_of("definition", other)) == (one == other)
    assert fingerprint_of("definition", dict(reversed(one.items()))) == fingerprint_of("definition", one)
    assert fingerprint_of("other", one) != fingerprint_of("definition", one)
