"""The sweeps of one run: trials begun, judged by what they logged, the best one's outputs taken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from reconciler.execution.endings import Endings, Metrics
from reconciler.execution.events import Events
from reconciler.execution.journal import Journal
from reconciler.execution.launcher import Launcher
from reconciler.execution.record import RunRecord
from reconciler.execution.reuse import reusable
from reconciler.execution.site import Site
from reconciler.execution.sweep_run import SweepRun, begin_sweep, metric_of
from reconciler.execution.sweep_watch import SweepWatch
from reconciler.execution.task_runner import Execution, StepCancelledError, StepLeftError
from reconciler.model.errors import TrackingAwayError
from reconciler.model.manifests import Scalar
from reconciler.model.runs import Result, StepRun, StepStatus
from reconciler.model.steps import Graph, Step
from reconciler.planning.diff import reuse_reason


@dataclass(frozen=True, slots=True)
class RunParts:
    """The parts of a run that its sweeps work with."""

    site: Site
    run_id: str
    graph: Graph
    journal: Journal
    record: RunRecord
    endings: Endings
    launcher: Launcher
    events: Events


class Sweeps:
    """Drives every sweep of a run; what came of a sweep is told through `on_success` and `on_failure`."""

    def __init__(
        self,
        parts: RunParts,
        on_success: Callable[[Step, Result], None],
        on_failure: Callable[[Step, str, str], None],
        on_cancelled: Callable[[Execution], None],
    ) -> None:
        self._parts = parts
        self._on_success = on_success
        self._on_failure = on_failure
        self._on_cancelled = on_cancelled
        self._sweeps: dict[str, SweepRun] = {}
        self._watches: dict[str, SweepWatch] = {}
        self._ending: dict[tuple[str, str], str] = {}

    def begin(self, step: Step, fingerprint: str, inputs: Mapping[str, str]) -> None:
        """Set a sweep going; trials that ended before an interruption count as they ended."""
        journal = self._parts.journal
        kept = journal.get(step.name)
        parent = self._parts.record.start(step, known=kept.mlflow_run_id if kept else "")
        parent.add_done_callback(partial(self._on_mlflow_run, step))
        sweep = begin_sweep(
            self._parts.run_id, self._parts.graph.pipeline, step, fingerprint, inputs, parent, self._drawn_before(step)
        )
        self._sweeps[step.name] = sweep
        started = (kept.started if kept else None) or self._parts.site.clock()
        journal.change(step.name, status=StepStatus.RUNNING, started=started)
        for trial in sweep.pending:
            self._note(trial)
        self._watch(sweep, started)
        self._continue(sweep)

    def stop(self) -> None:
        """Begin no more trials."""
        for sweep in self._sweeps.values():
            sweep.stop()

    def _drawn_before(self, step: Step) -> list[Mapping[str, Scalar]]:
        """The hyperparameters of the trials of before an interruption, in the order drawn."""
        kept = [trial for trial in self._parts.journal.all() if trial.name == step.name and trial.trial]
        return [trial.hyperparameters for trial in sorted(kept, key=lambda trial: int(trial.trial))]

    def _note(self, trial: Execution) -> None:
        """Keep what was drawn, unless it is known from before an interruption."""
        if self._parts.journal.get(trial.step.name, trial.trial) is not None:
            return
        self._parts.journal.note(
            StepRun(
                trial.run_id,
                trial.step.name,
                trial.trial,
                kind="trial",
                fingerprint=trial.fingerprint,
                definition=trial.definition.digest,
                inputs=trial.inputs,
                hyperparameters=trial.hyperparameters,
            )
        )

    def _watch(self, sweep: SweepRun, started: float) -> None:
        """See to it that the sweep ends in time, and trials that promise nothing before theirs."""
        limit, policy = sweep.sweep.timeout_seconds, sweep.sweep.early_termination
        if limit is not None:
            left = min(limit, max(0.0, started + limit - self._parts.site.clock()))  # whatever is done to the clock
            sweep.time_is_up = left == 0
            timer = threading.Timer(left, self._parts.events.post, (partial(self._on_time_up, sweep),))
            timer.daemon = True
            timer.start()
        if policy is not None:
            watch = SweepWatch(
                sweep, policy, self._parts.site.tracking, self._parts.journal, self._parts.events, self._end_trial
            )
            self._watches[sweep.step.name] = watch
            watch.look_later()

    def _on_mlflow_run(self, step: Step, created: Future[str]) -> None:
        if created.exception() is None:
            self._parts.journal.change(step.name, mlflow_run_id=created.result())
            self._parts.journal.flush()

    def _continue(self, sweep: SweepRun) -> None:
        while started := sweep.next_trials():
            for trial in started:
                self._begin_trial(sweep, trial)
        if sweep.is_over and not self._parts.launcher.stop_reason:
            self._parts.events.when_done(sweep.mlflow_run, partial(self._end, sweep))

    def _begin_trial(self, sweep: SweepRun, trial: Execution) -> None:
        self._note(trial)
        kept = self._parts.journal.change(sweep.step.name, trial.trial)
        if kept.status is StepStatus.FAILED:
            sweep.failed(trial.trial, kept.error)
            return
        if kept.status is StepStatus.CANCELLED:
            sweep.cut_short(trial.trial, kept.reasons[0], kept.metrics.get(sweep.sweep.metric))
            return
        result = reusable(self._parts.site.state, trial.fingerprint)
        if result is not None and (self._parts.graph.may_reuse(sweep.step) or result.run_id == self._parts.run_id):
            self._reuse(sweep, trial, result)
            return
        if sweep.time_is_up and kept.status is not StepStatus.RUNNING:
            self._skip(sweep, trial)
            return
        taken_up = replace(trial, handle=kept.handle, attempt=kept.attempt)
        mlflow_run = self._parts.record.start(
            sweep.step, trial.trial, trial.hyperparameters, sweep.mlflow_run, kept.mlflow_run_id
        )
        self._parts.launcher.launch(taken_up, mlflow_run, self._on_end)

    def _reuse(self, sweep: SweepRun, trial: Execution, result: Result) -> None:
        sweep.ended(trial.trial, result)
        if result.run_id == self._parts.run_id:
            return
        self._parts.journal.change(
            sweep.step.name,
            trial.trial,
            status=StepStatus.REUSED,
            outputs=result.outputs,
            metrics=result.metrics,
            reused_from=result.run_id,
            reasons=(reuse_reason(result),),
        )
        if result.mlflow_run_id:
            self._parts.record.copy_trial(sweep.step, trial.trial, result, sweep.mlflow_run)

    def _on_end(self, trial: Execution, error: BaseException | None, outputs: Mapping[str, str]) -> None:
        if error is None:
            step, result, metrics = self._parts.endings.succeeded(trial, outputs)
            self._parts.events.when_done(metrics, partial(self._on_judged, trial, step, result))
            return
        sweep = self._sweeps[trial.step.name]
        if isinstance(error, StepLeftError):
            sweep.left(trial.trial)
            return
        if isinstance(error, StepCancelledError) and self._parts.launcher.stop_reason:
            sweep.left(trial.trial)
            self._on_cancelled(trial)
            return
        reason = self._ending.get((trial.step.name, trial.trial))
        if isinstance(error, StepCancelledError) and reason:
            self._cut_short(sweep, trial, reason)
            return
        sweep.failed(trial.trial, self._parts.endings.failed(trial, error))
        self._continue(sweep)

    def _on_time_up(self, sweep: SweepRun) -> None:
        if sweep.is_over or self._parts.launcher.stop_reason:
            return
        sweep.time_is_up = True
        for trial in sweep.stop():
            self._skip(sweep, trial)
        for number in sorted(sweep.running, key=int):
            self._end_trial(sweep, number, f"the sweep's {sweep.time_limit} was up")

    def _skip(self, sweep: SweepRun, trial: Execution) -> None:
        sweep.left(trial.trial)
        reasons = (f"the sweep's {sweep.time_limit} was up",)
        self._parts.journal.change(sweep.step.name, trial.trial, status=StepStatus.SKIPPED, reasons=reasons)

    def _end_trial(self, sweep: SweepRun, number: str, reason: str) -> None:
        """Have one trial ended; it is over only when the engine says so."""
        self._ending[sweep.step.name, number] = reason
        self._parts.launcher.end(sweep.step.name, number, reason)

    def _cut_short(self, sweep: SweepRun, trial: Execution, reason: str) -> None:
        self._parts.endings.cancelled(trial, reason)
        watch = self._watches.get(sweep.step.name)
        value = watch.last_value(trial.trial) if watch else None
        if value is not None:
            self._parts.journal.change(sweep.step.name, trial.trial, metrics={sweep.sweep.metric: value})
        sweep.cut_short(trial.trial, reason, value)
        self._continue(sweep)

    def _on_judged(self, trial: Execution, step: StepRun, result: Result, metrics: Future[Metrics]) -> None:
        """The trial's metrics are known: only now it can be compared with others."""
        sweep = self._sweeps[trial.step.name]
        error = metrics.exception()
        if isinstance(error, TrackingAwayError):  # it is left to the next process, which takes the trial up
            sweep.left(trial.trial)
            return
        if error is not None:
            sweep.failed(trial.trial, self._parts.endings.failed(trial, error))
        else:
            judged = replace(result, metrics=dict(metrics.result()))
            self._parts.endings.keep(replace(step, metrics=judged.metrics), judged)
            sweep.ended(trial.trial, judged)
        self._continue(sweep)

    def _end(self, sweep: SweepRun, mlflow_run: Future[str]) -> None:
        ranked = sweep.ranked()
        error = mlflow_run.exception()
        if isinstance(error, TrackingAwayError):
            return  # likewise
        if error is not None or not ranked:
            self._on_failure(sweep.step, str(error) if error else sweep.failure_message(), self._failure(sweep))
            return
        journal, now = self._parts.journal, self._parts.site.clock()
        now = max(now, getattr(journal.get(sweep.step.name), "started", None) or now)
        chosen, best = ranked[0]
        step = journal.change(sweep.step.name, status=StepStatus.SUCCEEDED, ended=now)
        if metric_of(sweep.sweep, best) is None:
            chosen, best = ranked[-1]
        reasons = (*step.reasons, *sweep.remarks())
        step = journal.change(sweep.step.name, outputs=best.outputs, metrics=best.metrics, reasons=reasons)
        result = Result(
            fingerprint=sweep.fingerprint,
            definition=sweep.step.definition.digest,
            outputs=best.outputs,
            run_id=self._parts.run_id,
            step=sweep.step.name,
            mlflow_run_id=mlflow_run.result(),
            metrics=best.metrics,
            trials=tuple(trial.fingerprint for _, trial in ranked),
            hyperparameters=best.hyperparameters,
            seconds=now - (step.started or now),
        )
        shown = {name: value for name, value in best.metrics.items() if name == sweep.sweep.metric}
        tags = {"best_child_run_id": best.mlflow_run_id, "reconciler.best_trial": chosen}
        self._parts.record.finish(result.mlflow_run_id, StepStatus.SUCCEEDED, shown, tags, ended=now)
        self._parts.endings.keep(replace(step, mlflow_run_id=result.mlflow_run_id), result)
        self._on_success(sweep.step, result)

    def _failure(self, sweep: SweepRun) -> str:
        """The kind of failure that all trials share, "" where there is none."""
        if sweep.time_is_up:
            return "timed-out"
        trials = (self._parts.journal.get(sweep.step.name, number) for number in sweep.failures)
        kinds = {trial.failure for trial in trials if trial is not None}
        return kinds.pop() if len(kinds) == 1 else ""
