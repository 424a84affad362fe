"""What the end of a step or trial leaves: in the journal, in the store of results and in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

from reconciler.execution.journal import Journal
from reconciler.execution.record import RunRecord
from reconciler.execution.site import Site
from reconciler.execution.task_runner import Execution
from reconciler.model.errors import (
    EngineError,
    EngineGoneError,
    EnvironmentBuildError,
    ImageMissingError,
    ReconcilerError,
    StepError,
)
from reconciler.model.runs import Result, StepRun, StepStatus

Metrics = Mapping[str, float]
ENVIRONMENT_FAILURE = "environment"


def failure_of(error: BaseException) -> str:
    """The kind of failure in a word; "" for one that is a fault of ours."""
    match error:
        case StepError():
            return error.reason
        case EnvironmentBuildError():
            return ENVIRONMENT_FAILURE
        case ImageMissingError():
            return "image-missing"
        case EngineGoneError():
            return "engine-gone"
        case EngineError():
            return "not-started"
        case _:
            return ""


class Endings:
    """Notes how executions of one run ended."""

    def __init__(self, site: Site, run_id: str, journal: Journal, record: RunRecord) -> None:
        self._site = site
        self._run_id = run_id
        self._journal = journal
        self._record = record

    def succeeded(self, execution: Execution, outputs: Mapping[str, str]) -> tuple[StepRun, Result, Future[Metrics]]:
        """The step as noted, its result – not yet kept – and the metrics it logged, which MLflow tells later."""
        now = self._site.clock()
        step = self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.SUCCEEDED,
            ended=now,
            outputs=dict(outputs),
            handle="",
        )
        self._record.keep_artifacts(step)
        result = Result(
            fingerprint=execution.fingerprint,
            definition=execution.definition.digest,
            outputs=dict(outputs),
            run_id=self._run_id,
            step=execution.step.name,
            mlflow_run_id=step.mlflow_run_id,
            hyperparameters=execution.hyperparameters,
            seconds=now - (step.started or now),
        )
        return step, result, self._record.finish(step.mlflow_run_id, StepStatus.SUCCEEDED)

    def keep(self, step: StepRun, result: Result) -> None:
        """Write the step and its result, both or neither."""
        self._journal.keep_result(step, result, self._site.clock())

    def failed(self, execution: Execution, error: BaseException) -> str:
        """Note a failure and give its message."""
        message = str(error) if isinstance(error, ReconcilerError) else f"{type(error).__name__}: {error}"
        step = self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.FAILED,
            ended=self._site.clock(),
            error=message,
            failure=failure_of(error),
            handle="",
        )
        if step.mlflow_run_id:
            self._record.keep_artifacts(step)
            self._record.finish(step.mlflow_run_id, StepStatus.FAILED)
        return message

    def cancelled(self, execution: Execution, reason: str) -> None:
        step = self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.CANCELLED,
            reasons=(reason,),
            ended=self._site.clock(),
            handle="",
        )
        if step.mlflow_run_id:
            self._record.keep_artifacts(step)
            self._record.finish(step.mlflow_run_id, StepStatus.CANCELLED)

    def interrupted(self, execution: Execution) -> None:
        """The step goes back to where it was: the next process takes it up."""
        self._journal.change(execution.step.name, execution.trial, status=StepStatus.PENDING, handle="", started=None)
