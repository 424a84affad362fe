"""Where a sweep stands: trials drawn and started a few at a time, each reused on its own, the best one chosen."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from reconciler.execution.bayesian import next_trial
from reconciler.execution.sampling import Parameters, trials_of
from reconciler.execution.task_runner import Execution
from reconciler.model.manifests import Scalar
from reconciler.model.runs import Result
from reconciler.model.steps import Step, define, fingerprint_of
from reconciler.model.sweeps import SamplingAlgorithm, Sweep


@dataclass
class SweepRun:
    """Where a sweep stands.

    Attributes:
        fingerprint: of the whole sweep.
        mlflow_run: the sweep's own run, parent of its trials'.
        kept: the trials that were drawn before the run was interrupted, in order.
        drawn: all trials drawn so far, in order.
        pending: drawn, but not started.
        results: of the trials that ended well, by trial number.
        ended_early: why trials were ended before their time, by trial number.
        known: the primary metric of each trial that is over, None where it gave none.
        is_closed: no more trials are drawn.
        time_is_up: the sweep has taken as long as it may.
    """

    run_id: str
    pipeline: str
    step: Step
    sweep: Sweep
    fingerprint: str
    inputs: Mapping[str, str]
    mlflow_run: Future[str]
    kept: Sequence[Mapping[str, Scalar]] = ()
    drawn: list[Parameters] = field(default_factory=list)
    pending: deque[Execution] = field(default_factory=deque)
    running: set[str] = field(default_factory=set)
    results: dict[str, Result] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    ended_early: dict[str, str] = field(default_factory=dict)
    known: dict[str, float | None] = field(default_factory=dict)
    is_closed: bool = False
    time_is_up: bool = False

    @property
    def is_over(self) -> bool:
        return not self.pending and not self.running

    def next_trials(self) -> list[Execution]:
        """The trials that may start now without exceeding `max_concurrent_trials`."""
        started = []
        while len(self.running) < self.sweep.max_concurrent_trials:
            if not self.pending and not self._draw():
                break
            trial = self.pending.popleft()
            self.running.add(trial.trial)
            started.append(trial)
        return started

    def stop(self) -> list[Execution]:
        """Draw and start no more; gives the trials that were to be started."""
        left = list(self.pending)
        self.pending.clear()
        self.is_closed = True
        return left

    def ended(self, trial: str, result: Result) -> None:
        self.results[trial] = result
        self._over(trial, metric_of(self.sweep, result))

    def failed(self, trial: str, message: str) -> None:
        self.failures[trial] = message
        self._over(trial, None)

    def cut_short(self, trial: str, reason: str, value: float | None) -> None:
        """A trial was ended before its time; its last value still says where not to look for better ones."""
        self.ended_early[trial] = reason
        self._over(trial, None if value is None or math.isnan(value) else value)

    def left(self, trial: str) -> None:
        """A trial does not run in this process any more, whatever becomes of it."""
        self.running.discard(trial)

    @property
    def time_limit(self) -> str:
        seconds = self.sweep.timeout_seconds or 0.0
        return f"time limit of {seconds:g} second{'s' * (seconds != 1)}"

    def remarks(self) -> tuple[str, ...]:
        """What is to be known of how the best trial was found, where it was not as one would expect."""
        said = []
        ranked = self.ranked()
        if metric_of(self.sweep, ranked[0][1]) is None:
            seen = ", ".join(sorted({name for _, result in ranked for name in result.metrics})) or "none"
            said.append(f"no trial logged {self.sweep.metric} (logged: {seen}); the last trial's outputs are taken")
        if self.time_is_up:
            said.append(f"its {self.time_limit} was up; the best of {len(self.results)} trials that ended in time")
        elif self.ended_early:
            said.append(f"{len(self.ended_early)} of {len(self.drawn)} trials were ended early")
        return tuple(said)

    def failure_message(self) -> str:
        """Why there is no best trial: the first failure in full stands for all, which mostly fail alike."""
        if self.time_is_up:
            failed = f"; {len(self.failures)} failed before" if self.failures else ""
            return f"no trial ended well within the sweep's {self.time_limit}{failed}; raise `limits.timeout`"
        number, message = next(iter(self.failures.items()), ("", ""))
        if not number:
            number, message = next(iter(self.ended_early.items()), ("", "no trial was drawn"))
        if self.ended_early:
            which = f"{len(self.failures)} trials failed and {len(self.ended_early)} were ended early"
        else:
            which = f"all {len(self.failures)} trials failed" if len(self.failures) > 1 else "its only trial failed"
        return f"{which}; trial {number}: {message}" if number else message

    def ranked(self) -> list[tuple[str, Result]]:
        """The trials that ended well, the best first; those without the metric come last."""
        return rank(self.sweep, list(self.results.items()))

    def _over(self, trial: str, value: float | None) -> None:
        self.running.discard(trial)
        self.known[trial] = value

    def _draw(self) -> bool:
        """Draw one more trial from what the earlier ones gave, where the sweep learns from them.

        It is drawn from the results of all but the last few before it, as many as may run beside it: when those end
        has no influence, so that equal results give equal trials however long each took.
        """
        number = len(self.drawn)
        if self.is_closed or number >= self.sweep.max_total_trials:
            return False
        if self.time_is_up and number >= len(self.kept):
            return False
        told = max(0, number - self.sweep.max_concurrent_trials + 1)
        if any(str(earlier) not in self.known for earlier in range(told)):
            return False
        if number < len(self.kept):
            parameters: Parameters | None = dict(self.kept[number])
        else:
            parameters = next_trial(self.sweep, self.drawn, [self.known[str(earlier)] for earlier in range(told)])
        if parameters is None:
            self.is_closed = True
            return False
        self._add(parameters)
        return True

    def _add(self, parameters: Parameters) -> None:
        literals = tuple(sorted({**dict(self.step.definition.literals), **parameters}.items()))
        definition = replace(self.step.definition, literals=literals, sweep=None, digest="")
        definition = replace(definition, digest=define(definition))
        self.pending.append(
            Execution(
                run_id=self.run_id,
                pipeline=self.pipeline,
                step=self.step,
                definition=definition,
                fingerprint=fingerprint_of(definition.digest, self.inputs),
                inputs=self.inputs,
                trial=str(len(self.drawn)),
                hyperparameters=parameters,
                timeout_seconds=self.sweep.trial_timeout_seconds,
            )
        )
        self.drawn.append(parameters)

    def draw_all(self) -> None:
        """Draw the trials that depend on no other; there are no more then."""
        for parameters in trials_of(self.sweep):
            self._add(parameters)
        self.is_closed = True


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
    run_id: str,
    pipeline: str,
    step: Step,
    fingerprint: str,
    inputs: Mapping[str, str],
    mlflow_run: Future[str],
    kept: Sequence[Mapping[str, Scalar]] = (),
) -> SweepRun:
    """A sweep with all its trials still to be started, drawn already unless it learns from them."""
    sweep = step.definition.sweep
    if sweep is None:
        raise ValueError(step.name)
    begun = SweepRun(run_id, pipeline, step, sweep, fingerprint, inputs, mlflow_run, kept)
    if sweep.algorithm is not SamplingAlgorithm.BAYESIAN:
        begun.draw_all()
    return begun
