"""What sweeps say that contradicts itself, or has no effect."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.manifests.fields import Reading
from reconciler.model.commands import expressions_in
from reconciler.model.nearest import did_you_mean
from reconciler.model.problems import Code, Pointer
from reconciler.model.sweeps import Distribution, EarlyTerminationPolicy, SamplingAlgorithm, Sweep

_RANGE, _NORMAL = ("min_value", "max_value"), ("mu", "sigma")
_OF_DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": _RANGE,
    "loguniform": _RANGE,
    "quniform": (*_RANGE, "q"),
    "qloguniform": (*_RANGE, "q"),
    "normal": _NORMAL,
    "lognormal": _NORMAL,
    "qnormal": (*_NORMAL, "q"),
    "qlognormal": (*_NORMAL, "q"),
}
_OF_ALGORITHMS: Mapping[SamplingAlgorithm, tuple[str, ...]] = {
    SamplingAlgorithm.GRID: (),
    SamplingAlgorithm.RANDOM: ("seed", "rule", "logbase"),
    SamplingAlgorithm.BAYESIAN: ("seed",),
}
_OF_EVERY_POLICY = ("evaluation_interval", "delay_evaluation")
_OF_POLICIES: Mapping[EarlyTerminationPolicy, tuple[str, ...]] = {
    EarlyTerminationPolicy.BANDIT: ("slack_factor", "slack_amount"),
    EarlyTerminationPolicy.MEDIAN_STOPPING: (),
    EarlyTerminationPolicy.TRUNCATION_SELECTION: ("truncation_percentage", "exclude_finished_jobs"),
}
_MEANT_SOMEWHERE = {
    key for keys in (*_OF_DISTRIBUTIONS.values(), *_OF_ALGORITHMS.values(), *_OF_POLICIES.values()) for key in keys
}
_MOST = math.log(sys.float_info.max)
_DEVIATIONS = 6.1  # no draw of a normal distribution lies further from its mean


def check_sampling(read: Sweep, settings: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    _without_effect(settings, _OF_ALGORITHMS[read.algorithm], f"{read.algorithm} sampling", reading, pointer)


def check_limits(read: Sweep, limits: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    """The limits of a sweep; `pointer` is the way to its job."""
    total, at_once = limits.get("max_total_trials"), limits.get("max_concurrent_trials")
    if total is None:
        if read.algorithm is not SamplingAlgorithm.GRID:
            message = f"a {read.algorithm} sweep has no end without `limits.max_total_trials`"
            reading.error(Code.MISSING_PROPERTY, message, "add `limits: {max_total_trials: 20}`", pointer)
        return
    if at_once is not None and at_once > total:
        message = f"`max_concurrent_trials` is {at_once}, but there are no more than {total} trials"
        place = (*pointer, "limits", "max_concurrent_trials")
        reading.warning(Code.NO_EFFECT, message, f"write {total} or less, or raise `max_total_trials`", place)
    elif read.algorithm is SamplingAlgorithm.BAYESIAN and total > 1 and (at_once is None or at_once == total):
        message = f"bayesian sampling learns nothing here: all {total} trials are drawn before one has ended"
        hint = "add `max_concurrent_trials`, well below `max_total_trials`"
        reading.warning(Code.NO_EFFECT, message, hint, (*pointer, "limits"))


def check_space(read: Sweep, written: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    for name, distribution in read.search_space:
        place = (*pointer, name)
        if read.algorithm is SamplingAlgorithm.GRID and distribution.type != "choice":
            message = f"a grid needs a `choice` for each parameter, `{name}` is a {distribution.type}"
            reading.error(Code.INVALID_VALUE, message, "list its values or sample at random", place)
        _without_effect(written[name], _OF_DISTRIBUTIONS[distribution.type], distribution.type, reading, place)
        _check_ends(name, distribution, read.logbase, reading, place)


def _check_ends(name: str, distribution: Distribution, logbase: float | None, reading: Reading, place: Pointer) -> None:
    arguments = dict(distribution.arguments)
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if low is not None and high is not None and low > high:
        message = f"`{name}` has a least value of {low} and a greatest of {high}"
        reading.error(Code.INVALID_VALUE, message, "swap `min_value` and `max_value`", place)
        return
    if "log" not in distribution.type:
        return
    greatest = high if high is not None else arguments.get("mu", 0.0) + _DEVIATIONS * arguments.get("sigma", 1.0)
    base = "e" if logbase is None else f"{logbase:g}"
    if greatest * math.log(math.e if logbase is None else logbase) > _MOST:
        message = f"`{name}` reaches {base}^{greatest:g}, which no number can hold"
        hint = f"a {distribution.type} takes exponents: for values up to 1000 write 6.91, the logarithm of 1000"
        reading.error(Code.INVALID_VALUE, message, hint, place)


def check_early_termination(written: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    policy = EarlyTerminationPolicy(written["type"])
    known = (*_OF_POLICIES[policy], *_OF_EVERY_POLICY)
    _without_effect(written, known, policy, reading, pointer)
    match policy:
        case EarlyTerminationPolicy.BANDIT:
            _check_slack(written, reading, pointer)
        case EarlyTerminationPolicy.TRUNCATION_SELECTION if "truncation_percentage" not in written:
            message = "truncation_selection does not say how many trials it ends: `truncation_percentage` is missing"
            reading.error(Code.MISSING_PROPERTY, message, "add `truncation_percentage: 20`", pointer)


def _check_slack(written: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    given = [key for key in ("slack_factor", "slack_amount") if written.get(key) is not None]
    if not given:
        message = "bandit does not say how far a trial may lag behind the best one"
        hint = "add `slack_factor: 0.1` (a share of its value) or `slack_amount: 0.05` (an amount)"
        reading.error(Code.MISSING_PROPERTY, message, hint, pointer)
    elif len(given) == 2:
        message = "bandit takes `slack_factor` or `slack_amount`, not both"
        reading.error(Code.INVALID_VALUE, message, "remove one of the two", (*pointer, "slack_amount"))


def check_search_space_expressions(command: str, parameters: Iterable[str], reading: Reading, pointer: Pointer) -> None:
    """Note each `${{search_space.x}}` of a trial's command that names no parameter of its sweep."""
    known = list(parameters)
    for section, name in dict.fromkeys(expressions_in(command)):
        if section != "search_space" or name in known:
            continue
        listed = ", ".join(f"`{each}`" for each in sorted(known))
        hint = did_you_mean(name, known, f"the search space has {listed}")
        message = f"the command uses `search_space.{name}`, which is no parameter of the sweep"
        reading.error(Code.UNRESOLVED_BINDING, message, hint, pointer)


def _without_effect(
    written: Mapping[str, Any], known: Iterable[str], owner: str, reading: Reading, pointer: Pointer
) -> None:
    """Warn of what has a meaning elsewhere; what has none at all, the schema tells."""
    for key in written:
        if key != "type" and key not in known and key in _MEANT_SOMEWHERE:
            listed = ", ".join(f"`{each}`" for each in known)
            hint = f"remove it; {owner} takes {listed}" if listed else "remove it"
            reading.warning(Code.NO_EFFECT, f"`{key}` has no effect on {owner}", hint, (*pointer, key))
