"""What a run leaves in MLflow: one run per step and trial, nested under the root run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from reconciler.engines.process import ProcessEngine
from reconciler.execution.lock_tag import lock_tags
from reconciler.execution.origin import Origin
from reconciler.execution.recorder import Urgency
from reconciler.execution.registered_models import RegisteredModels
from reconciler.execution.site import Site
from reconciler.model.errors import TrackingAwayError, TrackingError
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Graph, Step
from reconciler.state.outputs import remove
from reconciler.state.patience import Patience
from reconciler.tracking.base import ModelRequest, RunRequest

T = TypeVar("T")
MLFLOW_STATUS = {
    RunStatus.SUCCEEDED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELLED: "KILLED",
    StepStatus.SUCCEEDED: "FINISHED",
    StepStatus.FAILED: "FAILED",
    StepStatus.CANCELLED: "KILLED",
}


class RunRecord:
    """Writes the record of one run through the recorder, in order, off the critical path.

    Attributes:
        moved: what MLflow calls runs that were kept elsewhere while it was away; known once the run is concluded.
    """

    def __init__(
        self,
        site: Site,
        run: Run,
        graph: Graph,
        origin: Origin,
        patience: Patience | None = None,
        is_taken_up: bool = False,
    ) -> None:
        """`is_taken_up` says that an earlier process had begun with it."""
        self._patience = patience or Patience()
        self._site = site
        self._run = run
        self._origin = origin
        self._models = RegisteredModels(site, run, graph, origin)
        self._root: Future[str] | None = None
        self._is_taken_up = is_taken_up or bool(run.mlflow_run_id)
        self._known_runs: list[str] = []
        self._registered: set[tuple[str, str]] = set()
        self._refused: list[TrackingError] = []
        self._is_left = False
        self.moved: Mapping[str, str] = {}

    def open(self) -> Future[str]:
        """Create the root run, or take up the one of an interrupted run."""
        self._root = self._open()
        if self._models.has_gate:
            # Ahead of the first step's run: no step begins before it is known whom the run has to beat.
            self._submit(lambda: self._patience(self._models.note_champions), Urgency.STEP)
        return self._root

    def _open(self) -> Future[str]:
        if self._run.mlflow_run_id:
            return _settled(self._run.mlflow_run_id)
        kept = self._site.state.runs.get(self._run.id) or self._run  # one that is taken up comes without its lock
        tags = {
            **self._origin.tags(),
            "mlflow.source.name": self._run.pipeline,
            "mlflow.source.type": "PROJECT",
            "reconciler.run": self._run.id,
            "reconciler.pipeline": self._run.pipeline,
            "reconciler.revision": self._run.revision,
            **lock_tags(kept.lock),
        }
        request = RunRequest(
            self._run.experiment, self._run.id, None, None, tags, is_again=self._is_taken_up, is_urgent=True
        )

        def create() -> str:
            run_id: str = self._site.tracking.start_run(request).result()
            self._settle(run_id)
            return run_id

        return self._submit(create, Urgency.STEP)

    def _settle(self, run_id: str) -> None:
        """Have a run that is kept elsewhere carried over to MLflow, once that is back."""
        if self._site.tracking.is_spooled(run_id):
            self._submit(lambda: self._site.tracking.settle(run_id).result())

    def leave(self) -> None:
        """Leave to the next process what cannot be told at the moment; the futures of it then say so."""
        self._is_left = True
        self._site.recorder.look_again()

    def _submit(self, work: Callable[[], T], urgency: Urgency = Urgency.RECORD) -> Future[T]:
        return self._site.recorder.submit(work, urgency, lambda: self._is_left)

    def take_up(self, step: StepRun, result: Result) -> None:
        """Count in a step that ended before the run was interrupted, with whatever it was reused from.

        Whether MLflow was told of its end is not known, so that it is told once more.
        """
        trials = self._site.state.results.many(result.trials).values()
        self._known_runs.extend(
            filter(None, (step.mlflow_run_id, result.mlflow_run_id, *(trial.mlflow_run_id for trial in trials)))
        )
        if step.mlflow_run_id and step.status is StepStatus.SUCCEEDED:
            self.finish(step.mlflow_run_id, StepStatus.SUCCEEDED, ended=step.ended)

    def start(
        self,
        step: Step,
        trial: str = "",
        hyperparameters: Mapping[str, object] | None = None,
        parent: Future[str] | None = None,
        known: str = "",
    ) -> Future[str]:
        """Create the run of a step or trial that is about to be executed, or take up the `known` one."""
        if known:
            self._known_runs.append(known)
            return _settled(known)
        urgency = Urgency.STEP if step.is_deterministic else Urgency.RECORD

        def create() -> str:
            request = self._request(step, trial, hyperparameters or {}, parent)
            run_id: str = self._site.tracking.start_run(request).result()
            self._known_runs.append(run_id)
            self._settle(run_id)
            return run_id

        return self._submit(create, urgency)

    def finish(
        self,
        mlflow_run_id: str,
        status: StepStatus,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
        ended: float | None = None,
    ) -> Future[Mapping[str, float]]:
        """Close the run of a step; the future gives the metrics that it holds."""

        def close() -> Mapping[str, float]:
            finished = self._site.tracking.finish_run(
                mlflow_run_id, MLFLOW_STATUS[status], dict(metrics or {}), dict(tags or {}), ended
            ).result()
            self._known_runs.extend(finished.strays)
            self._settle(mlflow_run_id)
            return finished.metrics

        return self._submit(close, Urgency.STEP)

    def keep_artifacts(self, step: StepRun) -> None:
        """Log what the step or trial left in `./outputs`; one that MLflow refuses is told in the step's log."""
        place = self._site.artifacts.place(step.run_id, step.name, step.trial)
        if not step.mlflow_run_id or not place.is_dir():
            return

        def keep() -> None:
            try:
                self._site.tracking.log_artifacts(step.mlflow_run_id, place).result()
            except TrackingAwayError:
                raise
            except TrackingError as error:
                with Path(step.log).open("a", encoding="utf-8") as log:
                    log.write(f"-- ./outputs is not kept as artifacts: {error.message} --\n")
            remove(place)
            with suppress(OSError):  # others of this run still lie there
                place.parent.rmdir()

        self._submit(keep)

    def register_model(self, wanted: ModelRequest) -> None:
        """Register a model; one that MLflow refuses is told when the run is concluded."""

        def register() -> None:
            try:
                version = self._site.tracking.register_model(wanted).result()
                self._known_runs.append(version.run_id)
                self._registered.add((version.name, version.version))
            except TrackingAwayError:
                raise
            except TrackingError as error:
                self._refused.append(error)

        self._submit(register)

    def copy(self, step: Step, result: Result, on_copied: Callable[[str, str], None]) -> None:
        """Show a reused step under the root run, a sweep with its trials; `on_copied` gets trial and run id."""
        if not result.mlflow_run_id:
            return

        def copy() -> None:
            self._known_runs.append(result.mlflow_run_id)
            copied = self._copy(step, result, "", None)
            trials = self._site.state.results.many(result.trials)
            for number, fingerprint in enumerate(result.trials):
                trial = trials.get(fingerprint)
                if trial is not None and trial.mlflow_run_id:
                    self._known_runs.append(trial.mlflow_run_id)
                    on_copied(str(number), self._copy(step, trial, str(number), copied))
            on_copied("", copied)  # last, for it says that all is copied

        self._submit(copy)

    def copy_trial(self, step: Step, trial: str, result: Result, parent: Future[str]) -> Future[str]:
        """Show one reused trial of a sweep that runs."""

        def copy() -> str:
            self._known_runs.append(result.mlflow_run_id)
            return self._copy(step, result, trial, _there(parent))

        return self._submit(copy)

    def _copy(self, step: Step, result: Result, trial: str, parent: str | None) -> str:
        given = None if parent is None else _settled(parent)
        request = self._request(step, trial, result.hyperparameters, given)
        copied: str = self._site.tracking.copy_run(result.mlflow_run_id, request).result()
        self._known_runs.append(copied)
        return copied

    def _request(
        self, step: Step, trial: str, hyperparameters: Mapping[str, object], parent: Future[str] | None
    ) -> RunRequest:
        root = _there(self._root) if self._root else None
        tags = {
            **self._origin.tags(),
            "mlflow.source.name": step.definition.component,
            "mlflow.source.type": "PROJECT",
            "reconciler.run": self._run.id,
            "reconciler.step": step.name,
        }
        if hyperparameters:
            tags["hyperparameters"] = json.dumps(dict(hyperparameters))
        name = f"{step.name}[{trial}]" if trial else step.name
        under = _there(parent) if parent else root
        # One that is not deterministic may search the record; a container does not reach what is kept elsewhere.
        is_urgent = step.is_deterministic and self._site.engine.name == ProcessEngine.name
        return RunRequest(
            self._run.experiment, name, under, root, tags, is_again=self._is_taken_up, is_urgent=is_urgent
        )

    def conclude(self, status: RunStatus) -> Future[None]:
        """Close the root run once everything before is written, and settle what becomes of the models it registered.

        The future fails with a TrackingAwayError where it is left to the next process, with another TrackingError
        where the record cannot be whole.
        """
        closing = partial(self._close, status)
        return self._site.recorder.submit(closing, is_left=lambda: self._is_left, is_proof=True)

    def _close(self, status: RunStatus) -> None:
        known = [_there(self._root) if self._root else "", *self._known_runs]
        settled = {run_id: self._site.tracking.settle(run_id).result() for run_id in filter(None, known)}
        self.moved = {run_id: to for run_id, to in settled.items() if run_id != to}
        root = self.moved.get(known[0], known[0])
        told: Mapping[str, str] = {}
        try:
            if root and (status.is_good or self._models.has_gate):
                below = root if self._is_taken_up else ""
                found = self._site.tracking.registered(list(dict.fromkeys(self._known_runs)), below).result()
                conclude = partial(self._models.conclude, found, status.is_good, self._registered)
                told = self._patience(conclude) if found else {}
        finally:
            self._site.tracking.finish_run(root, MLFLOW_STATUS[status], tags=told).result()
        if self._refused:
            raise self._refused[0]


def _there(run: Future[str]) -> str:
    """The id of a run that was asked for before.

    Raises:
        TrackingAwayError: it is not there yet.
    """
    if not run.done():
        raise TrackingAwayError("the run that this belongs to is not there yet")
    return run.result()


def _settled(value: str) -> Future[str]:
    future: Future[str] = Future()
    future.set_result(value)
    return future
