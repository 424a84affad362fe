"""One run of a pipeline: each step reused or executed as soon as what it needs is there."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from reconciler.execution.endings import ENVIRONMENT_FAILURE, Endings, Metrics, failure_of
from reconciler.execution.events import Events
from reconciler.execution.journal import Journal
from reconciler.execution.late_record import LateRecord, record_late
from reconciler.execution.launcher import Launcher
from reconciler.execution.origin import Origin
from reconciler.execution.record import RunRecord
from reconciler.execution.registration import Registration
from reconciler.execution.reuse import reusable
from reconciler.execution.run_conclusion import RunConclusion
from reconciler.execution.run_end import came_to, result_of, settle_unfinished
from reconciler.execution.run_start import note_steps, prepare_environments
from reconciler.execution.site import Claims, Site
from reconciler.execution.step_order import StepOrder
from reconciler.execution.step_reasons import reason_to_reuse, reasons_to_run
from reconciler.execution.sweeps import RunParts, Sweeps
from reconciler.execution.task_runner import Execution, StepCancelledError, StepLeftError
from reconciler.execution.workspace import Objects
from reconciler.model.errors import StateAwayError
from reconciler.model.plan import Actual, PipelinePlan
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Step, fingerprint_of
from reconciler.planning.diff import known_inputs
from reconciler.state.patience import Patience


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
        self._origin = origin
        self._order = StepOrder(plan.graph.steps)
        self._results: dict[str, Result] = {}
        self._is_interrupted = False
        self._is_cancelled = False
        self._events = Events()
        self._claims = Claims(site.in_flight)
        known = site.state.runs.steps(run.id)
        self._patience = Patience(site.state.trouble)
        self._record = RunRecord(site, run, plan.graph, origin, self._patience, is_taken_up=bool(known))
        self._journal = Journal(site.state, self._order.positions, known, self._patience)
        self._claims.take_up(self._journal.all())
        self._endings = Endings(site, run.id, self._journal, self._record)
        self._conclusion = RunConclusion(site, self._journal, self._record, self._endings, self._patience)
        self._registration = Registration(site, run.id, self._record)
        self._launcher = Launcher(site, objects, origin, self._journal, self._events, self._variables)
        self._sweeps = Sweeps(
            RunParts(
                site, run.id, self._graph, self._journal, self._record, self._endings, self._launcher, self._events
            ),
            self._on_result,
            self._on_failure,
            self._on_cancelled,
        )

    @property
    def id(self) -> str:
        return self._run.id

    @property
    def revision(self) -> str:
        return self._run.revision

    @property
    def closure(self) -> str:
        return self._run.closure

    @property
    def late_record(self) -> LateRecord | None:
        """The record of the run, where it is over and that is not; None where nothing is to be told any more."""
        return self._conclusion.late

    def record_late(self) -> LateRecord:
        """Tell MLflow all of the run, which an earlier process ended; nothing of it is carried out."""
        return record_late(self._site, self._run, self._graph, self._origin)

    def cancel(self, reason: str) -> None:
        """End the run: nothing new starts, what runs is stopped."""

        def stop() -> None:
            self._is_cancelled = True
            self._stop(reason)

        self._events.post(stop)

    def interrupt(self) -> None:
        """Follow the run no longer: what executes goes on, and the next process takes the run up."""

        def stop() -> None:
            self._is_interrupted = True
            self._stop("the daemon stops", is_leaving=True)

        self._events.post(stop)
        self._patience.lose()
        self._record.leave()  # the run may be over but for its record, and handle no events any more

    def go(self) -> Run:
        """Carry the run out to its end and return it as it ended."""
        try:
            self._open()
            self._begin_all(self._order.first())
            self._events.handle_all(before_each=self._journal.flush)
            self._journal.flush()
            return self._run if self._is_interrupted else self._conclude()
        except StateAwayError:  # we are to end, and the next process goes on from what is written
            return self._run
        finally:
            self._claims.let_go()

    def give_up(self, message: str) -> None:
        """Mark the run as failed where `go` itself could not."""
        self._launcher.stop(message)
        settle_unfinished(self._journal, self._record, self._launcher.stop_reason)
        self._conclusion.break_off(self._run, message)

    # --- the start ---

    def _open(self) -> None:
        note_steps(self._site, self._journal, self._run.id, self._plan, self._patience)
        self._record.open().add_done_callback(self._on_root)
        for ended in self._journal.all():
            if ended.status.is_over:
                self._record.keep_artifacts(ended)  # of before an interruption
        prepare_environments(self._launcher, self._journal, self._plan)

    def _on_root(self, root: Future[str]) -> None:
        if root.exception() is None:
            self._run = replace(self._run, mlflow_run_id=root.result())
            self._patience(lambda: self._site.state.runs.name_in_mlflow(self._run.id, root.result()))

    # --- beginning steps ---

    def _begin_all(self, ready: list[Step]) -> None:
        """Begin steps, and then those that became ready by reusing them: a loop, for chains may be long."""
        while ready:
            following: list[Step] = []
            for step in ready:
                if self._launcher.stop_reason:
                    return
                if self._begin(step):
                    following.extend(self._order.released_by(step.name))
            ready = following

    def _begin(self, step: Step) -> bool:
        """Reuse the step, or set it going; True where it is over already."""
        kept = self._journal.get(step.name)
        inputs, _ = known_inputs(step, self._results)
        if kept is not None and kept.status.is_good and kept.inputs != inputs:  # a step that it reads was mended
            kept = self._journal.note_anew(step)
        if kept is not None and kept.status.is_good:  # ended before the run was interrupted, or in the one it mends
            ended = result_of(kept, self._site.state.results.get(kept.fingerprint))
            self._results[step.name] = ended
            self._record.take_up(kept, ended)
            if kept.status is StepStatus.REUSED and not kept.mlflow_run_id:
                self._record.copy(step, ended, partial(self._on_copied, step))
            self._register(step, ended)
            return True
        fingerprint = fingerprint_of(step.definition.digest, inputs)
        self._journal.change(step.name, inputs=inputs, fingerprint=fingerprint)
        if self._graph.may_reuse(step) and not self._claims.is_going_on(step.name, fingerprint):
            result = reusable(self._site.state, fingerprint)
            if result is not None:
                self._reuse(step, result)
                return True
            other = self._claims.claim(fingerprint)
            if other is not None:  # another run executes the very same step: take its result
                self._events.when_done(other, lambda _: self._begin_all([step]))
                return False
        self._journal.change(step.name, reasons=reasons_to_run(step, inputs, self._graph, self._actual))
        if step.definition.sweep is not None:
            self._sweeps.begin(step, fingerprint, inputs)
        else:
            self._execute(step, fingerprint, inputs)
        return False

    def _execute(self, step: Step, fingerprint: str, inputs: Mapping[str, str]) -> None:
        kept = self._journal.get(step.name)
        execution = Execution(
            run_id=self._run.id,
            pipeline=self._run.pipeline,
            step=step,
            definition=step.definition,
            fingerprint=fingerprint,
            inputs=inputs,
            timeout_seconds=step.timeout_seconds,
            handle=kept.handle if kept else "",
            attempt=kept.attempt if kept else 1,
        )
        mlflow_run = self._record.start(step, known=kept.mlflow_run_id if kept else "")
        self._launcher.launch(execution, mlflow_run, self._on_end)

    def _reuse(self, step: Step, result: Result) -> None:
        self._results[step.name] = result
        self._journal.change(
            step.name,
            status=StepStatus.REUSED,
            outputs=result.outputs,
            metrics=result.metrics,
            reused_from=result.run_id,
            reasons=(reason_to_reuse(step, result, self._results, self._run.id),),
        )
        self._record.copy(step, result, partial(self._on_copied, step))
        self._register(step, result)

    def _on_copied(self, step: Step, trial: str, mlflow_run_id: str) -> None:
        if not trial:
            self._journal.change(step.name, mlflow_run_id=mlflow_run_id)
        self._journal.flush()

    def _variables(self, mlflow_run_id: str) -> dict[str, str]:
        given = dict(self._site.tracking.variables(mlflow_run_id, self._run.experiment))
        if mlflow_run_id:
            given["AZUREML_RUN_ID"] = mlflow_run_id
            given["AZUREML_ROOT_RUN_ID"] = self._run.mlflow_run_id
        return given

    # --- the end of steps ---

    def _on_end(self, execution: Execution, error: BaseException | None, outputs: Mapping[str, str]) -> None:
        if error is None:
            step, result, metrics = self._endings.succeeded(execution, outputs)
            self._endings.keep(step, result)
            metrics.add_done_callback(partial(self._on_metrics, step))
            self._on_result(execution.step, result)
        elif isinstance(error, StepLeftError):
            return  # it stays noted as running, with the handle by which the next process finds it
        elif isinstance(error, StepCancelledError) and self._launcher.stop_reason:
            self._claims.settle(execution.fingerprint, None)
            self._on_cancelled(execution)
        else:
            message = self._endings.failed(execution, error)
            self._on_failure(execution.step, message, failure_of(error))

    def _on_metrics(self, step: StepRun, finished: Future[Metrics]) -> None:
        if finished.exception() is None and finished.result():
            self._journal.change(step.name, step.trial, metrics=dict(finished.result()))
            self._patience(lambda: self._site.state.runs.note_metrics(step, finished.result()))

    def _on_result(self, step: Step, result: Result) -> None:
        self._claims.settle(result.fingerprint, result)
        self._results[step.name] = result
        self._register(step, result)
        self._begin_all(self._order.released_by(step.name))

    def _register(self, step: Step, result: Result) -> None:
        said = self._patience(lambda: self._registration.register(step, result))
        if said:
            noted = self._journal.change(step.name)
            self._journal.change(step.name, reasons=tuple(dict.fromkeys((*noted.reasons, *said))))

    def _on_failure(self, step: Step, message: str, failure: str) -> None:
        failed = self._journal.change(
            step.name, status=StepStatus.FAILED, error=message, failure=failure, ended=self._site.clock()
        )
        self._claims.settle(failed.fingerprint, None)
        if step.definition.sweep is not None and failed.mlflow_run_id:
            self._record.finish(failed.mlflow_run_id, StepStatus.FAILED)
        for name in self._order.all_after(step.name):
            self._journal.change(name, status=StepStatus.SKIPPED, reasons=(f"{step.name} failed",))
        # An environment that cannot be built is no reason to end what does not need it.
        if failure != ENVIRONMENT_FAILURE and not self._graph.continue_on_step_failure:
            self._stop(f"{step.name} failed")

    def _on_cancelled(self, execution: Execution) -> None:
        if self._is_interrupted:
            self._endings.interrupted(execution)
        else:
            self._endings.cancelled(execution, self._launcher.stop_reason)

    def _stop(self, reason: str, is_leaving: bool = False) -> None:
        self._sweeps.stop()
        self._launcher.stop(reason, is_leaving)

    # --- the end of the run ---

    def _conclude(self) -> Run:
        settle_unfinished(self._journal, self._record, self._launcher.stop_reason)
        status, message = came_to([step for step in self._journal.all() if not step.trial])
        if self._is_cancelled:
            status, message = RunStatus.CANCELLED, self._launcher.stop_reason
        return self._conclusion.conclude(self._run, status, message)
