"""What the end of a step or trial leaves: in the journal, in the store of results and in MLflow."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace

from reconciler.execution.apart import has_registered
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
from reconciler.model.runs import NO_ROOM, Result, StepRun, StepStatus
from reconciler.state.patience import FULL

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
        case OSError() if error.errno in FULL:
            return NO_ROOM
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
        self._clearing: list[threading.Thread] = []

    def succeeded(self, execution: Execution, outputs: Mapping[str, str]) -> tuple[StepRun, Result, Future[Metrics]]:
        """The step as it is to be noted and its result, both not kept yet; its metrics, which MLflow tells later."""
        noted = self._journal.change(execution.step.name, execution.trial)
        now = max(self._site.clock(), noted.started or 0.0)  # the clock may have been put back
        # Noted with its result alone: until then, whoever comes after us takes the execution up, and comes to the same.
        step = replace(
            noted,
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
        return step, result, self._record.finish(step.mlflow_run_id, StepStatus.SUCCEEDED, ended=now)

    def keep(self, step: StepRun, result: Result) -> None:
        """Write the step and its result, both or neither.

        A step that registered a model apart is to do so again where it counts, so that its result is not kept.
        """
        folder = self._site.workspace.task_folder(self._run_id, step.name, step.trial)
        if self._site.is_apart and has_registered(folder):
            self._journal.note(step)
        else:
            self._journal.keep_result(step, result, self._site.clock())
        self._clear(step.name, step.trial)

    def clear_up(self) -> None:
        """Remove what is left of all folders in which something was executed."""
        for each in self._clearing:
            each.join()
        self._site.workspace.clear_run(self._run_id)

    def _clear(self, name: str, trial: str) -> None:
        """Remove the folder of an execution, now that its end is written: until then it could be taken up again."""
        self._journal.flush()
        folder = self._site.workspace.task_folder(self._run_id, name, trial)
        clearing = threading.Thread(target=self._site.workspace.clear, args=(folder,), name="clear", daemon=True)
        clearing.start()
        self._clearing.append(clearing)

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
            self._record.finish(step.mlflow_run_id, StepStatus.FAILED, ended=step.ended)
        self._clear(step.name, step.trial)
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
            self._record.finish(step.mlflow_run_id, StepStatus.CANCELLED, ended=step.ended)
        self._clear(step.name, step.trial)

    def interrupted(self, execution: Execution) -> None:
        """The step goes back to where it was: the next process takes it up."""
        self._journal.change(execution.step.name, execution.trial, status=StepStatus.PENDING, handle="", started=None)
        self._clear(execution.step.name, execution.trial)
