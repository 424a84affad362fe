"""The trials of a sweep, drawn by Optuna from the seed: equal sweeps give equal trials in equal order."""

from __future__ import annotations

import itertools
import math
from typing import Any

from reconciler.model.manifests import Scalar
from reconciler.model.sweeps import Distribution, SamplingAlgorithm, Sweep

Parameters = dict[str, Scalar]


def trials_of(sweep: Sweep) -> list[Parameters]:
    """The hyperparameters of each trial, without repetitions, at most `max_total_trials`."""
    if sweep.algorithm is SamplingAlgorithm.GRID:
        return _grid(sweep)
    return _random(sweep)


def _grid(sweep: Sweep) -> list[Parameters]:
    names = [name for name, _ in sweep.search_space]
    values = [list({(type(v), v): v for v in dimension.values}.values()) for _, dimension in sweep.search_space]
    combinations = (dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*values))
    return list(itertools.islice(combinations, sweep.max_total_trials))


def _random(sweep: Sweep) -> list[Parameters]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=sweep.seed))
    trials: list[Parameters] = []
    for _ in range(sweep.max_total_trials):
        trial = study.ask()
        drawn = {name: _draw(trial, name, distribution) for name, distribution in sweep.search_space}
        if drawn not in trials:
            trials.append(drawn)
    return trials


def _draw(trial: Any, name: str, distribution: Distribution) -> Scalar:
    """One value, by Azure ML's distributions (its "search space" page)."""
    arguments = dict(distribution.arguments)
    low, high = arguments.get("min_value", 0.0), arguments.get("max_value", 0.0)
    value: Scalar
    match distribution.type:
        case "choice":
            value = distribution.values[trial.suggest_int(name, 0, len(distribution.values) - 1)]
        case "randint":
            value = trial.suggest_int(name, 0, int(arguments["upper"]) - 1)
        case "uniform":
            value = trial.suggest_float(name, low, high)
        case "quniform":
            value = _rounded(trial.suggest_float(name, low, high), arguments)
        case "loguniform":
            value = math.exp(trial.suggest_float(name, low, high))
        case "qloguniform":
            value = _rounded(math.exp(trial.suggest_float(name, low, high)), arguments)
        case _:
            value = _normal(trial, name, distribution.type, arguments)
    return value


def _normal(trial: Any, name: str, kind: str, arguments: dict[str, float]) -> float:
    from statistics import NormalDist

    quantile = trial.suggest_float(name, 1e-9, 1 - 1e-9)
    drawn = NormalDist(arguments.get("mu", 0.0), arguments.get("sigma", 1.0)).inv_cdf(quantile)
    value = math.exp(drawn) if kind.endswith("lognormal") else drawn
    return _rounded(value, arguments) if kind.startswith("q") else value


def _rounded(value: float, arguments: dict[str, float]) -> float:
    step = arguments.get("q", 1.0)
    return round(value / step) * step
