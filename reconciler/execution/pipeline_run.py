"""One run of a pipeline: each step reused or executed as soon as what it needs is there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from reconciler.execution.journal import Journal
from reconciler.execution.record import Origin, RunRecord
from reconciler.execution.site import Site
from reconciler.execution.sweep_run import SweepRun, begin_sweep
from reconciler.execution.task_runner import Execution, StepCancelledError, TaskRunner
from reconciler.execution.workspace import Objects
from reconciler.model.errors import ReconcilerError, TrackingError
from reconciler.model.plan import Actual, PipelinePlan
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Step, fingerprint_of
from reconciler.planning.diff import change_reasons, input_reasons, known_inputs, reuse_reason


class PipelineRun:
    """Carries one run out. All decisions are made in the thread that calls `go`; others only send it events."""

    def __init__(
        self, site: Site, run: Run, plan: PipelinePlan, actual: Actual, objects: Objects, origin: Origin
    ) -> None:
        self._site = site
        self._run = run
        self._plan = plan
        self._graph = plan.graph
        self._actual = actual
        self._objects = objects
        self._record = RunRecord(site, run, origin)
        self._runner = TaskRunner(site.engine, site.workspace)
        self._steps: dict[str, Step] = {step.name: step for step in self._graph.steps}
        self._dependents = _dependents(self._graph.steps)
        self._waiting = {step.name: len(step.after) for step in self._graph.steps}
        self._results: dict[str, Result] = {}
        self._sweeps: dict[str, SweepRun] = {}
        self._handles: dict[tuple[str, str], str] = {}
        self._active = 0
        self._stop_reason = ""
        self._is_interrupted = False
        self._is_cancelled = False
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        positions = {step.name: position for position, step in enumerate(self._graph.steps)}
        self._journal = Journal(site.state, positions, site.state.runs.steps(run.id))

    def cancel(self, reason: str) -> None:
        """End the run: nothing new starts, what runs is stopped."""

        def stop() -> None:
            self._is_cancelled = True
            self._stop(reason)

        self._events.put(stop)

    def interrupt(self) -> None:
        """Stop, but leave the run to be taken up again by the next process."""

        def stop() -> None:
            self._is_interrupted = True
            self._stop("the daemon stops")

        self._events.put(stop)

    def go(self) -> Run:
        """Carry the run out to its end and return it as it ended."""
        self._open()
        ready = [step for step in self._graph.steps if not step.after]
        self._begin_all(ready)
        while self._active or not self._events.empty():
            self._journal.flush()
            self._events.get()()
        self._journal.flush()
        return self._run if self._is_interrupted else self._conclude()

    # --- the start ---

    def _open(self) -> None:
        before = {step.name: step for step in self._journal.all() if not step.trial}
        planned = {step.name: step for step in self._plan.steps}
        for step in self._graph.steps:
            known = before.get(step.name)
            if known is not None and known.status.is_good:
                continue
            reasons = known.reasons if known else planned[step.name].reasons
            self._journal.note(
                StepRun(
                    self._run.id,
                    step.name,
                    kind=step.kind,
                    definition=step.definition.digest,
                    reasons=reasons,
                    handle=known.handle if known else "",
                    mlflow_run_id=known.mlflow_run_id if known else "",
                )
            )
        self._site.state.runs.save_definitions(step.definition for step in self._graph.steps)
        self._journal.flush()
        self._record.open().add_done_callback(self._on_root)

    def _on_root(self, root: Future[str]) -> None:
        if root.exception() is None:
            self._run = replace(self._run, mlflow_run_id=root.result())
            self._site.state.runs.update(self._run)

    # --- beginning steps ---

    def _begin_all(self, ready: list[Step]) -> None:
        """Begin steps, and then those that became ready by reusing them: a loop, for chains may be long."""
        while ready:
            following: list[Step] = []
            for step in ready:
                if self._stop_reason:
                    return
                if self._begin(step):
                    following.extend(self._released_by(step.name))
            ready = following

    def _begin(self, step: Step) -> bool:
        """Reuse the step, or set it going; True where it is over already."""
        kept = self._journal.get(step.name)
        if kept is not None and kept.status.is_good:  # ended before the run was interrupted
            result = self._site.state.results.get(kept.fingerprint)
            self._results[step.name] = result or _result_of(kept)
            return True
        inputs, _ = known_inputs(step, self._results)
        fingerprint = fingerprint_of(step.definition.digest, inputs)
        self._journal.change(step.name, inputs=inputs, fingerprint=fingerprint)
        if step.is_deterministic and not self._graph.force_rerun:
            result = self._reusable(fingerprint)
            if result is not None:
                self._reuse(step, result)
                return True
            other = self._site.in_flight.claim(fingerprint)
            if other is not None:
                self._await_other(step, other)
                return False
        self._explain(step, inputs)
        if step.definition.sweep is not None:
            self._begin_sweep(step, fingerprint, inputs)
        else:
            kept_handle = kept.handle if kept else ""
            execution = Execution(
                run_id=self._run.id,
                step=step,
                definition=step.definition,
                fingerprint=fingerprint,
                inputs=inputs,
                timeout_seconds=step.timeout_seconds,
                handle=kept_handle,
            )
            self._launch(execution, self._mlflow_run(execution))
        return False

    def _mlflow_run(self, execution: Execution, parent: Future[str] | None = None) -> Future[str]:
        kept = self._journal.get(execution.step.name, execution.trial)
        if kept is not None and kept.mlflow_run_id:
            known: Future[str] = Future()
            known.set_result(kept.mlflow_run_id)
            return known
        return self._record.start(execution.step, execution.trial, execution.hyperparameters, parent)

    def _await_other(self, step: Step, other: Future[Result | None]) -> None:
        """Another run executes the very same step: wait for its result rather than do it twice."""
        self._active += 1

        def again() -> None:
            self._active -= 1
            self._begin_all([step])

        other.add_done_callback(lambda _: self._events.put(again))

    def _reusable(self, fingerprint: str) -> Result | None:
        """A result whose outputs are all still there."""
        result = self._site.state.results.get(fingerprint)
        if result is None:
            return None
        if all(self._site.state.outputs.has(digest) for digest in result.outputs.values()):
            return result
        self._site.state.results.forget(fingerprint)
        return None

    def _explain(self, step: Step, inputs: Mapping[str, str]) -> None:
        """Say why a step runs, now that what it reads is known."""
        reasons = [
            *change_reasons(step, self._graph.pipeline, self._actual),
            *input_reasons(step, inputs, self._graph.pipeline, self._actual),
        ]
        if not step.is_deterministic:
            reasons.append("is not deterministic")
        if self._graph.force_rerun:
            reasons.append("a run of every step was asked for")
        self._journal.change(step.name, reasons=tuple(reasons) or ("its result is not known any more",))

    def _reuse(self, step: Step, result: Result) -> None:
        self._results[step.name] = result
        self._journal.change(
            step.name,
            status=StepStatus.REUSED,
            outputs=result.outputs,
            metrics=result.metrics,
            reused_from=result.run_id,
            reasons=(self._reuse_reason(step, result),),
        )
        self._record.copy(step, result, partial(self._on_copied, step))

    def _reuse_reason(self, step: Step, result: Result) -> str:
        ran = [name for name in step.after if name in self._results and self._results[name].run_id == self._run.id]
        if ran and all(self._results[name].run_id != result.run_id for name in ran):
            return f"{', '.join(ran)} wrote the same content as before; {reuse_reason(result)}"
        return reuse_reason(result)

    def _on_copied(self, step: Step, trial: str, mlflow_run_id: str) -> None:
        if not trial:
            self._journal.change(step.name, mlflow_run_id=mlflow_run_id)
        self._journal.flush()

    # --- executing ---

    def _launch(self, execution: Execution, mlflow_run: Future[str]) -> None:
        self._active += 1
        location = self._site.environments.location(execution.step.environment, self._objects)
        location.add_done_callback(
            lambda built: self._events.put(partial(self._on_environment, execution, built, mlflow_run))
        )

    def _on_environment(self, execution: Execution, built: Future[str], mlflow_run: Future[str]) -> None:
        error = built.exception()
        if self._stop_reason:
            self._on_end(execution, StepCancelledError(self._stop_reason), {})
        elif error is not None:
            self._on_end(execution, error, {})
        else:
            self._site.slots.submit(self._work, execution, built.result(), mlflow_run)

    def _work(self, execution: Execution, location: str, mlflow_run: Future[str]) -> None:
        """In a slot's thread: execute, and send what came of it."""
        outputs: dict[str, str] = {}
        error: BaseException | None = None
        try:
            if self._stop_reason:
                raise StepCancelledError(self._stop_reason)
            mlflow_run_id = mlflow_run.result()
            started = self._site.clock()
            self._journal.change(
                execution.step.name,
                execution.trial,
                status=StepStatus.RUNNING,
                started=started,
                mlflow_run_id=mlflow_run_id,
                log=str(self._site.workspace.log_path(self._run.id, execution.step.name, execution.trial)),
            )
            variables = self._variables(mlflow_run_id)
            on_started = partial(self._on_started, execution)
            outputs = self._runner.run(execution, location, variables, self._objects, on_started)
        except BaseException as caught:
            error = caught
        self._events.put(partial(self._on_end, execution, error, outputs))

    def _variables(self, mlflow_run_id: str) -> dict[str, str]:
        given = dict(self._site.tracking.variables(mlflow_run_id, self._run.experiment))
        if mlflow_run_id:
            given["AZUREML_RUN_ID"] = mlflow_run_id
            given["AZUREML_ROOT_RUN_ID"] = self._run.mlflow_run_id
        return given

    def _on_started(self, execution: Execution, handle: str) -> None:
        self._journal.change(execution.step.name, execution.trial, handle=handle)
        self._journal.flush()
        with self._lock:
            self._handles[execution.step.name, execution.trial] = handle
            is_late = bool(self._stop_reason)
        if is_late:
            self._runner.cancel(handle)

    def _on_end(self, execution: Execution, error: BaseException | None, outputs: Mapping[str, str]) -> None:
        self._active -= 1
        with self._lock:
            self._handles.pop((execution.step.name, execution.trial), None)
        if error is None:
            self._on_success(execution, outputs)
        elif isinstance(error, StepCancelledError) and self._stop_reason:
            self._on_cancelled(execution)
        else:
            self._on_failure(execution, error)

    def _on_success(self, execution: Execution, outputs: Mapping[str, str]) -> None:
        now = self._site.clock()
        step = self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.SUCCEEDED,
            ended=now,
            outputs=dict(outputs),
            handle="",
        )
        result = Result(
            fingerprint=execution.fingerprint,
            definition=execution.definition.digest,
            outputs=dict(outputs),
            run_id=self._run.id,
            step=execution.step.name,
            mlflow_run_id=step.mlflow_run_id,
            hyperparameters=execution.hyperparameters,
            seconds=now - (step.started or now),
        )
        finished = self._record.finish(step.mlflow_run_id, StepStatus.SUCCEEDED)
        if execution.trial:
            self._active += 1  # a sweep is judged by what its trials logged
            finished.add_done_callback(
                lambda metrics: self._events.put(partial(self._on_judged, execution, step, result, metrics))
            )
            return
        self._journal.keep_result(step, result, now)
        finished.add_done_callback(partial(self._on_metrics, step))
        self._site.in_flight.settle(execution.fingerprint, result)
        self._over(execution.step, result)

    def _on_metrics(self, step: StepRun, finished: Future[Mapping[str, float]]) -> None:
        if finished.exception() is None and finished.result():
            self._journal.change(step.name, step.trial, metrics=dict(finished.result()))
            self._site.state.runs.note_metrics(step, finished.result())

    def _over(self, step: Step, result: Result) -> None:
        self._results[step.name] = result
        self._begin_all(self._released_by(step.name))

    def _released_by(self, name: str) -> list[Step]:
        """The steps that waited for this one last."""
        released = []
        for dependent in self._dependents.get(name, ()):
            self._waiting[dependent] -= 1
            if self._waiting[dependent] == 0:
                released.append(self._steps[dependent])
        return released

    # --- sweeps ---

    def _begin_sweep(self, step: Step, fingerprint: str, inputs: Mapping[str, str]) -> None:
        kept = self._journal.get(step.name)
        parent = self._record.start(step) if kept is None or not kept.mlflow_run_id else Future[str]()
        if kept is not None and kept.mlflow_run_id:
            parent.set_result(kept.mlflow_run_id)
        parent.add_done_callback(partial(self._on_sweep_run, step))
        sweep = begin_sweep(self._run.id, step, fingerprint, inputs, parent)
        self._sweeps[step.name] = sweep
        self._journal.change(step.name, status=StepStatus.RUNNING, started=self._site.clock())
        for trial in sweep.pending:
            if self._journal.get(step.name, trial.trial) is None:
                self._journal.note(
                    StepRun(
                        self._run.id,
                        step.name,
                        trial.trial,
                        kind="trial",
                        fingerprint=trial.fingerprint,
                        definition=trial.definition.digest,
                        inputs=inputs,
                        hyperparameters=trial.hyperparameters,
                    )
                )
        self._continue_sweep(sweep)

    def _on_sweep_run(self, step: Step, created: Future[str]) -> None:
        if created.exception() is None:
            self._journal.change(step.name, mlflow_run_id=created.result())
            self._journal.flush()

    def _continue_sweep(self, sweep: SweepRun) -> None:
        while started := sweep.next_trials():
            for trial in started:
                self._begin_trial(sweep, trial)
        if sweep.is_over:
            self._end_sweep(sweep)

    def _begin_trial(self, sweep: SweepRun, trial: Execution) -> None:
        result = self._reusable(trial.fingerprint)
        if result is None:
            kept = self._journal.get(sweep.step.name, trial.trial)
            taken_up = replace(trial, handle=kept.handle if kept else "")
            self._launch(taken_up, self._mlflow_run(taken_up, sweep.mlflow_run))
            return
        sweep.running.discard(trial.trial)
        sweep.results[trial.trial] = result
        self._journal.change(
            sweep.step.name,
            trial.trial,
            status=StepStatus.REUSED,
            outputs=result.outputs,
            metrics=result.metrics,
            reused_from=result.run_id,
            reasons=(reuse_reason(result),),
        )
        if result.run_id != self._run.id and result.mlflow_run_id:
            self._record.copy_trial(sweep.step, trial.trial, result, sweep.mlflow_run)

    def _on_judged(
        self, execution: Execution, step: StepRun, result: Result, finished: Future[Mapping[str, float]]
    ) -> None:
        self._active -= 1
        error = finished.exception()
        if error is not None:
            self._active += 1
            self._on_end(execution, error, {})
            return
        judged = replace(result, metrics=dict(finished.result()))
        self._journal.keep_result(replace(step, metrics=judged.metrics), judged, self._site.clock())
        sweep = self._sweeps[execution.step.name]
        sweep.running.discard(execution.trial)
        sweep.results[execution.trial] = judged
        self._continue_sweep(sweep)

    def _end_sweep(self, sweep: SweepRun) -> None:
        ranked = sweep.ranked()
        if not ranked:
            failures = "; ".join(f"trial {number}: {error}" for number, error in sweep.failures.items())
            self._on_step_failure(sweep.step, f"every trial failed: {failures}")
            return
        now = self._site.clock()
        number, best = ranked[0]
        step = self._journal.change(
            sweep.step.name, status=StepStatus.SUCCEEDED, ended=now, outputs=best.outputs, metrics=best.metrics
        )
        if sweep.sweep.metric not in best.metrics:
            seen = ", ".join(sorted({name for _, result in ranked for name in result.metrics})) or "none"
            warning = f"no trial logged {sweep.sweep.metric} (logged: {seen}); the last trial's outputs are taken"
            number, best = ranked[-1]
            step = self._journal.change(sweep.step.name, outputs=best.outputs, reasons=(*step.reasons, warning))
        result = Result(
            fingerprint=sweep.fingerprint,
            definition=sweep.step.definition.digest,
            outputs=best.outputs,
            run_id=self._run.id,
            step=sweep.step.name,
            mlflow_run_id=step.mlflow_run_id or _known(sweep.mlflow_run),
            metrics=best.metrics,
            trials=tuple(trial.fingerprint for _, trial in ranked),
            hyperparameters=best.hyperparameters,
            seconds=now - (step.started or now),
        )
        shown = {name: value for name, value in best.metrics.items() if name == sweep.sweep.metric}
        tags = {"best_child_run_id": best.mlflow_run_id, "reconciler.best_trial": number}
        self._record.finish(result.mlflow_run_id, StepStatus.SUCCEEDED, shown, tags)
        self._journal.keep_result(step, result, now)
        self._site.in_flight.settle(sweep.fingerprint, result)
        self._over(sweep.step, result)

    # --- failure, cancelling, the end ---

    def _on_failure(self, execution: Execution, error: BaseException) -> None:
        message = str(error) if isinstance(error, ReconcilerError) else f"{type(error).__name__}: {error}"
        step = self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.FAILED,
            ended=self._site.clock(),
            error=message,
            handle="",
        )
        if step.mlflow_run_id:
            self._record.finish(step.mlflow_run_id, StepStatus.FAILED)
        if not execution.trial:
            self._site.in_flight.settle(execution.fingerprint, None)
            self._on_step_failure(execution.step, message)
            return
        sweep = self._sweeps[execution.step.name]
        sweep.running.discard(execution.trial)
        sweep.failures[execution.trial] = message
        self._continue_sweep(sweep)

    def _on_step_failure(self, step: Step, message: str) -> None:
        failed = self._journal.change(step.name, status=StepStatus.FAILED, error=message, ended=self._site.clock())
        if step.definition.sweep is not None:
            self._site.in_flight.settle(failed.fingerprint, None)
            if failed.mlflow_run_id:
                self._record.finish(failed.mlflow_run_id, StepStatus.FAILED)
        for name in _all_after(step.name, self._dependents):
            self._journal.change(name, status=StepStatus.SKIPPED, reasons=(f"{step.name} failed",))
        if not self._graph.continue_on_step_failure:
            self._stop(f"{step.name} failed")

    def _on_cancelled(self, execution: Execution) -> None:
        """A step of an interrupted run goes back to where it was, else it is cancelled."""
        self._site.in_flight.settle(execution.fingerprint, None)
        if self._is_interrupted:
            self._journal.change(
                execution.step.name, execution.trial, status=StepStatus.PENDING, handle="", started=None
            )
            return
        step = self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.CANCELLED,
            reasons=(self._stop_reason,),
            ended=self._site.clock(),
            handle="",
        )
        if step.mlflow_run_id:
            self._record.finish(step.mlflow_run_id, StepStatus.CANCELLED)
        sweep = self._sweeps.get(execution.step.name)
        if sweep is not None:
            sweep.running.discard(execution.trial)

    def _stop(self, reason: str) -> None:
        """Start nothing new and end what runs."""
        if self._stop_reason:
            return
        with self._lock:
            self._stop_reason = reason
            handles = list(self._handles.values())
        for sweep in self._sweeps.values():
            sweep.pending.clear()
        for handle in handles:
            threading.Thread(target=self._runner.cancel, args=(handle,), daemon=True).start()

    def _conclude(self) -> Run:
        self._settle_unfinished()
        steps = [step for step in self._journal.all() if not step.trial]
        failed = [step for step in steps if step.status is StepStatus.FAILED]
        if self._is_cancelled:
            status, message = RunStatus.CANCELLED, self._stop_reason
        elif failed:
            status = RunStatus.FAILED
            message = "; ".join(f"step {step.name}: {step.error}" for step in failed)
        else:
            status, message = RunStatus.SUCCEEDED, ""
        try:
            self._record.conclude(status)
        except TrackingError as error:
            message = message or f"the run is not recorded whole: {error}"
        self._journal.flush()
        current = self._site.state.runs.get(self._run.id) or self._run
        ended = replace(
            current, status=status, ended=self._site.clock(), error=message, mlflow_run_id=self._run.mlflow_run_id
        )
        self._site.state.runs.update(ended)
        return ended

    def _settle_unfinished(self) -> None:
        """What never started is skipped; a sweep that was stopped in the middle is cancelled."""
        for step in self._journal.all():
            if step.status.is_over:
                continue
            if step.status is StepStatus.RUNNING:
                self._site.in_flight.settle(step.fingerprint, None)
                self._journal.change(step.name, step.trial, status=StepStatus.CANCELLED, reasons=(self._stop_reason,))
                if step.mlflow_run_id:
                    self._record.finish(step.mlflow_run_id, StepStatus.CANCELLED)
            else:
                self._journal.change(step.name, step.trial, status=StepStatus.SKIPPED, reasons=(self._stop_reason,))


def _dependents(steps: tuple[Step, ...]) -> dict[str, list[str]]:
    dependents: dict[str, list[str]] = {}
    for step in steps:
        for name in step.after:
            dependents.setdefault(name, []).append(step.name)
    return dependents


def _all_after(name: str, dependents: Mapping[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = list(dependents.get(name, ()))
    while waiting:
        step = waiting.pop()
        if step not in found:
            found[step] = None
            waiting.extend(dependents.get(step, ()))
    return list(found)


def _result_of(step: StepRun) -> Result:
    return Result(step.fingerprint, step.definition, step.outputs, step.run_id, step.name, step.mlflow_run_id)


def _known(future: Future[str]) -> str:
    return future.result() if future.done() and future.exception() is None else ""
