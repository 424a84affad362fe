"""The trials of a sweep that are known before any has ended: equal sweeps give equal trials in equal order."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.execution.distributions import drawn_from, value_of
from reconciler.model.manifests import Scalar
from reconciler.model.sweeps import SamplingAlgorithm, SamplingRule, Sweep

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

Parameters = dict[str, Scalar]


def trials_of(sweep: Sweep) -> list[Parameters]:
    """The hyperparameters of each trial, without repetitions, at most `max_total_trials`."""
    if sweep.algorithm is SamplingAlgorithm.GRID:
        return _grid(sweep)
    return _drawn(sweep, _sobol if sweep.rule is SamplingRule.SOBOL else _random)


def _grid(sweep: Sweep) -> list[Parameters]:
    names = [name for name, _ in sweep.search_space]
    values = [list({(type(v), v): v for v in dimension.values}.values()) for _, dimension in sweep.search_space]
    combinations = (dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*values))
    return list(itertools.islice(combinations, sweep.max_total_trials))


def _drawn(sweep: Sweep, begin: Callable[[Sweep], Study]) -> list[Parameters]:
    study = begin(sweep)
    space: dict[str, BaseDistribution] = {name: drawn_from(each) for name, each in sweep.search_space}
    # By kind as well: a choice may hold 1, 1.0 and True, which are equal, but not the same to a program.
    trials: dict[tuple[tuple[type, Scalar], ...], Parameters] = {}
    for _ in range(sweep.max_total_trials):
        drawn = study.ask(space).params
        trial = {name: value_of(each, drawn[name], sweep.logbase) for name, each in sweep.search_space}
        trials.setdefault(tuple((type(value), value) for value in trial.values()), trial)
    return list(trials.values())


def _random(sweep: Sweep) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=sweep.seed))


def _sobol(sweep: Sweep) -> Study:
    """Points of one scrambled Sobol sequence, which fill the space evenly however many are taken."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    study = optuna.create_study(sampler=optuna.samplers.QMCSampler(qmc_type="sobol", scramble=True, seed=sweep.seed))
    # The sampler takes the space from the trials before, so without one the first draw would not be of the sequence.
    space: dict[str, BaseDistribution] = {name: drawn_from(each) for name, each in sweep.search_space}
    ends = {name: drawn_from(each).low for name, each in sweep.search_space}
    study.add_trial(optuna.trial.create_trial(value=0.0, params=ends, distributions=space))
    return study
