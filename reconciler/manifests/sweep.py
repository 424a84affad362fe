"""Sweeps from the documents of their jobs."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.fields import Reading, timeout_of
from reconciler.model.problems import Code, Pointer
from reconciler.model.sweeps import Distribution, SamplingAlgorithm, Sweep

DEFAULT_TRIALS = 1000
_ARGUMENTS = ("upper", "min_value", "max_value", "q", "mu", "sigma")


def sweep(job: dict[str, Any], reading: Reading, pointer: Pointer) -> Sweep:
    """How a job's trials are drawn; the seed is 0 unless given, so that draws repeat."""
    sampling = job.get("sampling_algorithm", "random")
    settings: dict[str, Any] = sampling if isinstance(sampling, dict) else {"type": sampling}
    objective = job["objective"]
    limits = job.get("limits") or {}
    read = Sweep(
        search_space=tuple((name, _distribution(described)) for name, described in sorted(job["search_space"].items())),
        algorithm=SamplingAlgorithm(settings["type"]),
        seed=int(settings.get("seed", 0)),
        metric=objective["primary_metric"],
        maximize=objective["goal"] == "maximize",
        max_total_trials=int(limits.get("max_total_trials", DEFAULT_TRIALS)),
        max_concurrent_trials=int(limits.get("max_concurrent_trials", limits.get("max_total_trials", DEFAULT_TRIALS))),
        trial_timeout_seconds=timeout_of(job, "trial_timeout"),
    )
    _check(read, limits, reading, pointer)
    return read


def _distribution(described: dict[str, Any]) -> Distribution:
    return Distribution(
        type=described["type"],
        values=tuple(described.get("values", ())),
        arguments=tuple((key, described[key]) for key in _ARGUMENTS if key in described),
    )


def _check(read: Sweep, limits: dict[str, Any], reading: Reading, pointer: Pointer) -> None:
    for name, distribution in read.search_space:
        ends = dict(distribution.arguments)
        low, high = ends.get("min_value"), ends.get("max_value")
        if low is not None and high is not None and low > high:
            message = f"`{name}` has a least value of {low} and a greatest of {high}"
            hint = "swap `min_value` and `max_value`"
            reading.error(Code.INVALID_VALUE, message, hint, (*pointer, "search_space", name))
    if read.algorithm is SamplingAlgorithm.GRID:
        for name, distribution in read.search_space:
            if distribution.type != "choice":
                message = f"a grid needs a `choice` for each parameter, `{name}` is a {distribution.type}"
                reading.error(
                    Code.INVALID_VALUE,
                    message,
                    "list its values or sample at random",
                    (*pointer, "search_space", name),
                )
    elif "max_total_trials" not in limits:
        message = "a random sweep has no end without `limits.max_total_trials`"
        reading.error(Code.MISSING_PROPERTY, message, "add `limits: {max_total_trials: 20}`", pointer)
