"""One dimension of a search space: what Optuna draws of it, and the hyperparameter that this stands for."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from reconciler.model.manifests import Scalar
from reconciler.model.sweeps import Distribution

if TYPE_CHECKING:
    from optuna.distributions import FloatDistribution, IntDistribution

_LEAST_QUANTILE = 1e-9


def drawn_from(distribution: Distribution) -> FloatDistribution | IntDistribution:
    """What Optuna draws: a position among the values of a choice, an exponent, a quantile."""
    from optuna.distributions import FloatDistribution, IntDistribution

    arguments = dict(distribution.arguments)
    match distribution.type:
        case "choice":
            return IntDistribution(0, len(distribution.values) - 1)
        case "randint":
            return IntDistribution(0, int(arguments["upper"]) - 1)
        case "uniform" | "quniform" | "loguniform" | "qloguniform":
            return FloatDistribution(arguments["min_value"], arguments["max_value"])
        case _:
            return FloatDistribution(_LEAST_QUANTILE, 1 - _LEAST_QUANTILE)


def value_of(distribution: Distribution, drawn: Any, logbase: float | None = None) -> Scalar:
    """The hyperparameter, by Azure ML's distributions (its "search space" page)."""
    arguments = dict(distribution.arguments)
    kind = distribution.type
    if kind == "choice":
        return distribution.values[int(drawn)]
    if kind == "randint":
        return int(drawn)
    value = float(drawn)
    if kind.endswith("normal"):
        value = NormalDist(arguments.get("mu", 0.0), arguments.get("sigma", 1.0)).inv_cdf(value)
    if "log" in kind:
        value = math.exp(value) if logbase is None else logbase**value
    return _rounded(value, arguments) if kind.startswith("q") else value


def drawn_for(distribution: Distribution, value: Scalar, logbase: float | None = None) -> int | float:
    """What Optuna would have to draw for a hyperparameter: the way back from `value_of`."""
    arguments = dict(distribution.arguments)
    kind = distribution.type
    if kind == "choice":
        return next(i for i, each in enumerate(distribution.values) if each == value and type(each) is type(value))
    if kind == "randint":
        return int(value)
    exponent = float(value)
    if "log" in kind:
        # What was rounded to 0 has no logarithm; it came from near the lower end.
        exponent = math.log(exponent) / math.log(math.e if logbase is None else logbase) if exponent > 0 else -math.inf
    if kind.endswith("normal"):
        quantile = NormalDist(arguments.get("mu", 0.0), arguments.get("sigma", 1.0)).cdf(exponent)
        return min(max(quantile, _LEAST_QUANTILE), 1 - _LEAST_QUANTILE)
    return min(max(exponent, arguments["min_value"]), arguments["max_value"])


def _rounded(value: float, arguments: dict[str, float]) -> float:
    step = arguments.get("q", 1.0)
    return round(value / step) * step
