"""What a run leaves in MLflow: one run per step and trial, nested under the root run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from reconciler.execution.origin import Origin
from reconciler.execution.recorder import Urgency
from reconciler.execution.site import Site
from reconciler.model.errors import TrackingError
from reconciler.model.runs import RegisteredModel, Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Step
from reconciler.state.outputs import remove
from reconciler.tracking.base import ModelRequest, ModelVersion, RunRequest

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

    def __init__(self, site: Site, run: Run, origin: Origin) -> None:
        self._site = site
        self._run = run
        self._origin = origin
        self._root: Future[str] | None = None
        self._known_runs: list[str] = []
        self._refused: list[TrackingError] = []

    def open(self) -> Future[str]:
        """Create the root run, or take up the one of an interrupted run."""
        if self._run.mlflow_run_id:
            self._root = _settled(self._run.mlflow_run_id)
            return self._root
        tags = {
            **self._origin.tags(),
            "mlflow.source.name": self._run.pipeline,
            "mlflow.source.type": "PROJECT",
            "reconciler.run": self._run.id,
            "reconciler.pipeline": self._run.pipeline,
            "reconciler.revision": self._run.revision,
        }
        request = RunRequest(self._run.experiment, self._run.id, None, None, tags)
        self._root = self._site.recorder.submit(lambda: self._site.tracking.start_run(request).result(), Urgency.STEP)
        return self._root

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
                self._known_runs.append(self._site.tracking.register_model(wanted).result().run_id)
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
        """Close the root run once everything before is written, and keep the models that the run registered.

        Raises:
            TrackingError: it is not, or a model could not be registered.
        """

        def close() -> tuple[ModelVersion, ...]:
            root = self._root.result() if self._root else ""
            self._site.tracking.finish_run(root, _MLFLOW_STATUS[status]).result()
            if not status.is_good or not root:
                return ()
            found: tuple[ModelVersion, ...] = self._site.tracking.registered(
                list(dict.fromkeys(self._known_runs))
            ).result()
            return found

        versions = self._site.recorder.submit(close).result()
        found = [
            RegisteredModel(self._run.id, version.name, version.version, version.aliases, version.run_id)
            for version in versions
        ]
        earlier = {(model.name, model.version) for name in {m.name for m in found} for model in self._earlier(name)}
        self._site.state.runs.save_models(
            model for model in found if model.aliases or (model.name, model.version) not in earlier
        )
        if self._refused:
            raise self._refused[0]

    def _earlier(self, name: str) -> list[RegisteredModel]:
        return self._site.state.runs.models_named(name)


def _settled(value: str) -> Future[str]:
    future: Future[str] = Future()
    future.set_result(value)
    return future


def restore_models(site: Site, models: list[RegisteredModel]) -> None:
    """Put the aliases back on the versions that held them when the restored run ended."""
    versions = [
        ModelVersion(model.name, model.version, model.aliases, model.mlflow_run_id) for model in models if model.aliases
    ]
    if versions:
        site.recorder.submit(lambda: site.tracking.set_aliases(versions).result(), Urgency.STEP).result()
