"""Sweeps as manifests describe them: a search space, how it is sampled, which trial is best, when one ends early."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.manifests import Scalar


class SamplingAlgorithm(StrEnum):
    GRID = "grid"
    RANDOM = "random"
    BAYESIAN = "bayesian"


class SamplingRule(StrEnum):
    """How random sampling draws."""

    RANDOM = "random"
    SOBOL = "sobol"


class EarlyTerminationPolicy(StrEnum):
    BANDIT = "bandit"
    MEDIAN_STOPPING = "median_stopping"
    TRUNCATION_SELECTION = "truncation_selection"


@dataclass(frozen=True, slots=True)
class Distribution:
    """One dimension of a search space, as Azure ML names them.

    Attributes:
        type: `choice`, `randint`, `uniform`, `loguniform`, `quniform`, `qloguniform`, `normal`, …
        values: the values of a `choice`.
        arguments: `upper` of `randint`; `min_value`, `max_value`, `q`, `mu`, `sigma` of the others.
    """

    type: str
    values: tuple[Scalar, ...] = ()
    arguments: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class EarlyTermination:
    """When a trial is ended that promises nothing (Azure ML's "early termination policy").

    Attributes:
        evaluation_interval: how many logged values of the primary metric lie between two judgements.
        delay_evaluation: how many values a trial has logged when it is first judged, at least.
        slack_factor: of bandit: the share by which a trial may lag behind the best.
        slack_amount: of bandit: the absolute amount instead.
        truncation_percentage: of truncation_selection: the share of the worst trials that end, in percent.
        exclude_finished: of truncation_selection: that share is of the trials that still run.
    """

    policy: EarlyTerminationPolicy
    evaluation_interval: int = 1
    delay_evaluation: int = 0
    slack_factor: float | None = None
    slack_amount: float | None = None
    truncation_percentage: int | None = None
    exclude_finished: bool = False


@dataclass(frozen=True, slots=True)
class Sweep:
    """How the trials of a component are drawn and which is best.

    Attributes:
        logbase: the base of the exponents that log distributions of a random sampling draw; e where None.
        timeout_seconds: after which no more trials start and those that run are ended.
    """

    search_space: tuple[tuple[str, Distribution], ...]
    algorithm: SamplingAlgorithm
    seed: int
    metric: str
    maximize: bool
    max_total_trials: int
    max_concurrent_trials: int
    trial_timeout_seconds: float | None = None
    timeout_seconds: float | None = None
    rule: SamplingRule = SamplingRule.RANDOM
    logbase: float | None = None
    early_termination: EarlyTermination | None = None
