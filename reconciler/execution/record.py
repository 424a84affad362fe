"""What a run leaves in MLflow: one run per step and trial, nested under the root run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from reconciler.execution.lock_tag import lock_tags
from reconciler.execution.origin import Origin
from reconciler.execution.recorder import Urgency
from reconciler.execution.registered_models import RegisteredModels
from reconciler.execution.site import Site
from reconciler.model.errors import TrackingError
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Graph, Step
from reconciler.state.outputs import remove
from reconciler.tracking.base import ModelRequest, RunRequest

_MLFLOW_STATUS = {
    RunStatus.SUCCEEDED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELLED: "KILLED",
    StepStatus.SUCCEEDED: "FINISHED",
    StepStatus.FAILED: "FAILED",
    StepStatus.CANCELLED: "KILLED",
}


class RunRecord:
    """Writes the record of one run through the recorder, in order, off the critical path."""

    def __init__(self, site: Site, run: Run, graph: Graph, origin: Origin) -> None:
        self._site = site
        self._run = run
        self._origin = origin
        self._models = RegisteredModels(site, run, graph, origin)
        self._root: Future[str] | None = None
        self._is_taken_up = bool(run.mlflow_run_id)
        self._known_runs: list[str] = []
        self._registered: set[tuple[str, str]] = set()
        self._refused: list[TrackingError] = []

    def open(self) -> Future[str]:
        """Create the root run, or take up the one of an interrupted run."""
        self._root = self._open()
        if self._models.has_gate:
            # Ahead of the first step's run: no step begins before it is known whom the run has to beat.
            self._site.recorder.submit(self._models.note_champions, Urgency.STEP)
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
        request = RunRequest(self._run.experiment, self._run.id, None, None, tags)
        return self._site.recorder.submit(lambda: self._site.tracking.start_run(request).result(), Urgency.STEP)

    def take_up(self, step: StepRun, result: Result) -> None:
        """Count in a step that ended before the run was interrupted, with whatever it was reused from."""
        trials = self._site.state.results.many(result.trials).values()
        self._known_runs.extend(
            filter(None, (step.mlflow_run_id, result.mlflow_run_id, *(trial.mlflow_run_id for trial in trials)))
        )

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
            return run_id

        return self._site.recorder.submit(create, urgency)

    def finish(
        self,
        mlflow_run_id: str,
        status: StepStatus,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Future[Mapping[str, float]]:
        """Close the run of a step; the future gives the metrics that it holds."""

        def close() -> Mapping[str, float]:
            finished = self._site.tracking.finish_run(
                mlflow_run_id, _MLFLOW_STATUS[status], dict(metrics or {}), dict(tags or {})
            ).result()
            self._known_runs.extend(finished.strays)
            return finished.metrics

        return self._site.recorder.submit(close, Urgency.STEP)

    def keep_artifacts(self, step: StepRun) -> None:
        """Log what the step or trial left in `./outputs`; one that MLflow refuses is told in the step's log."""
        place = self._site.artifacts.place(step.run_id, step.name, step.trial)
        if not step.mlflow_run_id or not place.is_dir():
            return

        def keep() -> None:
            try:
                self._site.tracking.log_artifacts(step.mlflow_run_id, place).result()
            except TrackingError as error:
                with Path(step.log).open("a", encoding="utf-8") as log:
                    log.write(f"-- ./outputs is not kept as artifacts: {error.message} --\n")
            remove(place)
            with suppress(OSError):  # others of this run still lie there
                place.parent.rmdir()

        self._site.recorder.submit(keep)

    def register_model(self, wanted: ModelRequest) -> None:
        """Register a model; one that MLflow refuses is told when the run is concluded."""

        def register() -> None:
            try:
                version = self._site.tracking.register_model(wanted).result()
                self._known_runs.append(version.run_id)
                self._registered.add((version.name, version.version))
            except TrackingError as error:
                self._refused.append(error)

        self._site.recorder.submit(register)

    def copy(self, step: Step, result: Result, on_copied: Callable[[str, str], None]) -> None:
        """Show a reused step under the root run, a sweep with its trials; `on_copied` gets trial and run id."""
        if not result.mlflow_run_id:
            return

        def copy() -> None:
            self._known_runs.append(result.mlflow_run_id)
            copied = self._copy(step, result, "", None)
            on_copied("", copied)
            trials = self._site.state.results.many(result.trials)
            for number, fingerprint in enumerate(result.trials):
                trial = trials.get(fingerprint)
                if trial is not None and trial.mlflow_run_id:
                    self._known_runs.append(trial.mlflow_run_id)
                    on_copied(str(number), self._copy(step, trial, str(number), copied))

        self._site.recorder.submit(copy)

    def copy_trial(self, step: Step, trial: str, result: Result, parent: Future[str]) -> Future[str]:
        """Show one reused trial of a sweep that runs."""

        def copy() -> str:
            self._known_runs.append(result.mlflow_run_id)
            return self._copy(step, result, trial, parent.result())

        return self._site.recorder.submit(copy)

    def _copy(self, step: Step, result: Result, trial: str, parent: str | None) -> str:
        given = None if parent is None else _settled(parent)
        request = self._request(step, trial, result.hyperparameters, given)
        copied: str = self._site.tracking.copy_run(result.mlflow_run_id, request).result()
        self._known_runs.append(copied)
        return copied

    def _request(
        self, step: Step, trial: str, hyperparameters: Mapping[str, object], parent: Future[str] | None
    ) -> RunRequest:
        root = self._root.result() if self._root else None
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
        return RunRequest(self._run.experiment, name, parent.result() if parent else root, root, tags)

    def conclude(self, status: RunStatus) -> None:
        """Close the root run once everything before is written, and settle what becomes of the models it registered.

        Raises:
            TrackingError: it is not, or a model could not be registered.
        """
        self._site.recorder.submit(lambda: self._close(status)).result()
        if self._refused:
            raise self._refused[0]

    def _close(self, status: RunStatus) -> None:
        root = self._root.result() if self._root else ""
        told: Mapping[str, str] = {}
        try:
            if root and (status.is_good or self._models.has_gate):
                below = root if self._is_taken_up else ""
                found = self._site.tracking.registered(list(dict.fromkeys(self._known_runs)), below).result()
                told = self._models.conclude(found, status.is_good, self._registered) if found else {}
        finally:
            self._site.tracking.finish_run(root, _MLFLOW_STATUS[status], tags=told).result()


def _settled(value: str) -> Future[str]:
    future: Future[str] = Future()
    future.set_result(value)
    return future
