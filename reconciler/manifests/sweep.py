"""Sweeps from the documents of their jobs."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.fields import Reading, timeout_of
from reconciler.manifests.sweep_checks import (
    check_early_termination,
    check_limits,
    check_sampling,
    check_search_space_expressions,
    check_space,
)
from reconciler.model.problems import Code, Pointer
from reconciler.model.sweeps import (
    Distribution,
    EarlyTermination,
    EarlyTerminationPolicy,
    SamplingAlgorithm,
    SamplingRule,
    Sweep,
)

DEFAULT_TRIALS = 1000
_ARGUMENTS = ("upper", "min_value", "max_value", "q", "mu", "sigma")


def sweep(job: dict[str, Any], reading: Reading, pointer: Pointer) -> Sweep:
    """How a job's trials are drawn; the seed is 0 unless given, so that draws repeat."""
    sampling = job.get("sampling_algorithm", "random")
    settings: dict[str, Any] = sampling if isinstance(sampling, dict) else {"type": sampling}
    algorithm = SamplingAlgorithm(settings["type"])
    is_random = algorithm is SamplingAlgorithm.RANDOM
    objective = job["objective"]
    limits = job.get("limits") or {}
    ending = job.get("early_termination")
    read = Sweep(
        search_space=tuple((name, _distribution(described)) for name, described in sorted(job["search_space"].items())),
        algorithm=algorithm,
        seed=int(settings.get("seed", 0)),
        metric=objective["primary_metric"],
        maximize=objective["goal"] == "maximize",
        max_total_trials=int(limits.get("max_total_trials", DEFAULT_TRIALS)),
        max_concurrent_trials=int(limits.get("max_concurrent_trials", limits.get("max_total_trials", DEFAULT_TRIALS))),
        trial_timeout_seconds=timeout_of(job, "trial_timeout"),
        timeout_seconds=timeout_of(job),
        rule=SamplingRule(settings.get("rule", "random")) if is_random else SamplingRule.RANDOM,
        logbase=_logbase(settings["logbase"], reading, pointer) if is_random and "logbase" in settings else None,
        early_termination=_early_termination(ending) if ending else None,
    )
    check_sampling(read, settings, reading, (*pointer, "sampling_algorithm"))
    check_limits(read, limits, reading, pointer)
    check_space(read, job["search_space"], reading, (*pointer, "search_space"))
    if isinstance(job.get("trial"), dict):
        parameters = dict(read.search_space)
        check_search_space_expressions(job["trial"]["command"], parameters, reading, (*pointer, "trial", "command"))
    if ending:
        check_early_termination(ending, reading, (*pointer, "early_termination"))
    return read


def _distribution(described: dict[str, Any]) -> Distribution:
    return Distribution(
        type=described["type"],
        values=tuple(described.get("values", ())),
        arguments=tuple((key, described[key]) for key in _ARGUMENTS if key in described),
    )


def _logbase(written: float | str, reading: Reading, pointer: Pointer) -> float | None:
    """The base where it is another than e."""
    if written == "e":
        return None
    try:
        base = float(written)
    except ValueError:
        base = 0.0
    if not 0 < base < float("inf") or base == 1:
        message = f"`logbase` is {written!r}, which is no base of logarithms"
        place = (*pointer, "sampling_algorithm", "logbase")
        reading.error(Code.INVALID_VALUE, message, "write a number greater than 1, such as 10, or e", place)
        return None
    return base


def _early_termination(written: dict[str, Any]) -> EarlyTermination:
    policy = EarlyTerminationPolicy(written["type"])
    is_bandit = policy is EarlyTerminationPolicy.BANDIT
    is_truncation = policy is EarlyTerminationPolicy.TRUNCATION_SELECTION
    return EarlyTermination(
        policy,
        evaluation_interval=int(written.get("evaluation_interval", 1)),
        delay_evaluation=int(written.get("delay_evaluation", 0)),
        slack_factor=written.get("slack_factor") if is_bandit else None,
        slack_amount=written.get("slack_amount") if is_bandit else None,
        truncation_percentage=written.get("truncation_percentage") if is_truncation else None,
        exclude_finished=bool(written.get("exclude_finished_jobs", False)) and is_truncation,
    )
