"""One sweep: its trials started a few at a time, each reused on its own, the best one chosen."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from reconciler.execution.sampling import trials_of
from reconciler.execution.task_runner import Execution
from reconciler.model.runs import Result
from reconciler.model.steps import Step, define, fingerprint_of
from reconciler.model.sweeps import Sweep


@dataclass
class SweepRun:
    """Where a sweep stands.

    Attributes:
        fingerprint: of the whole sweep.
        mlflow_run: the sweep's own run, parent of its trials'.
        results: of the trials that ended well, by trial number.
    """

    step: Step
    sweep: Sweep
    fingerprint: str
    inputs: Mapping[str, str]
    mlflow_run: Future[str]
    pending: deque[Execution] = field(default_factory=deque)
    running: set[str] = field(default_factory=set)
    results: dict[str, Result] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return not self.pending and not self.running

    def next_trials(self) -> list[Execution]:
        """The trials that may start now without exceeding `max_concurrent_trials`."""
        started = []
        while self.pending and len(self.running) < self.sweep.max_concurrent_trials:
            trial = self.pending.popleft()
            self.running.add(trial.trial)
            started.append(trial)
        return started

    def ended(self, trial: str, result: Result) -> None:
        self.running.discard(trial)
        self.results[trial] = result

    def failed(self, trial: str, message: str) -> None:
        self.running.discard(trial)
        self.failures[trial] = message

    def failure_message(self) -> str:
        """Why there is no best trial: the first failure in full stands for all, which mostly fail alike."""
        number, message = next(iter(self.failures.items()), ("", "no trial was drawn"))
        which = f"all {len(self.failures)} trials failed" if len(self.failures) > 1 else "its only trial failed"
        return f"{which}; trial {number}: {message}" if number else message

    def ranked(self) -> list[tuple[str, Result]]:
        """The trials that ended well, the best first; those without the metric come last."""
        return rank(self.sweep, list(self.results.items()))


def rank(sweep: Sweep, results: Sequence[tuple[str, Result]]) -> list[tuple[str, Result]]:
    """Trials by the primary metric, the best first; of equals the one drawn first."""
    sign = -1 if sweep.maximize else 1

    def key(item: tuple[str, Result]) -> tuple[int, float, int]:
        number, result = item
        value = metric_of(sweep, result)
        return (0, sign * value, int(number)) if value is not None else (1, 0.0, int(number))

    return sorted(results, key=key)


def metric_of(sweep: Sweep, result: Result) -> float | None:
    """The primary metric of a trial; one that is no number, of a training that diverged, say, counts as not logged."""
    value = result.metrics.get(sweep.metric)
    return None if value is None or math.isnan(value) else value


def begin_sweep(
    run_id: str, pipeline: str, step: Step, fingerprint: str, inputs: Mapping[str, str], mlflow_run: Future[str]
) -> SweepRun:
    """A sweep with all its trials still to be started."""
    sweep = step.definition.sweep
    if sweep is None:
        raise ValueError(step.name)
    begun = SweepRun(step, sweep, fingerprint, inputs, mlflow_run)
    for number, parameters in enumerate(trials_of(sweep)):
        literals = tuple(sorted({**dict(step.definition.literals), **parameters}.items()))
        definition = replace(step.definition, literals=literals, sweep=None, digest="")
        definition = replace(definition, digest=define(definition))
        begun.pending.append(
            Execution(
                run_id=run_id,
                pipeline=pipeline,
                step=step,
                definition=definition,
                fingerprint=fingerprint_of(definition.digest, inputs),
                inputs=inputs,
                trial=str(number),
                hyperparameters=parameters,
                timeout_seconds=sweep.trial_timeout_seconds,
            )
        )
    return begun
