"""Executions brought to the engine: environment built, slot free, followed until they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial

from reconciler.execution.events import Events
from reconciler.execution.journal import Journal
from reconciler.execution.origin import Origin
from reconciler.execution.site import Site
from reconciler.execution.task_runner import Execution, StepCancelledError, StepLeftError, TaskRunner
from reconciler.execution.workspace import Objects
from reconciler.log_facts import about, noted
from reconciler.model.errors import StepError
from reconciler.model.runs import StepStatus
from reconciler.model.steps import EnvironmentSpec

OnEnd = Callable[[Execution, BaseException | None, Mapping[str, str]], None]


class Launcher:
    """Starts the executions of one run, and ends them all when told to stop."""

    def __init__(
        self,
        site: Site,
        objects: Objects,
        origin: Origin,
        journal: Journal,
        events: Events,
        variables: Callable[[str], Mapping[str, str]],
    ) -> None:
        """`variables` gives what a step finds in its environment, by the id of its MLflow run."""
        self._site = site
        self._objects = objects
        self._origin = origin
        self._journal = journal
        self._events = events
        self._variables = variables
        self._runner = TaskRunner(site.engine, site.workspace, site.artifacts, site.is_apart)
        self._handles: dict[tuple[str, str], str] = {}
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._ended: dict[tuple[str, str], str] = {}
        self._environments: dict[str, Future[str]] = {}
        self._stop_reason = ""
        self._is_leaving = False
        self._lock = threading.Lock()

    @property
    def stop_reason(self) -> str:
        """Why nothing starts any more, "" while it does."""
        return self._stop_reason

    def prepare(self, environment: EnvironmentSpec) -> Future[str]:
        """Have an environment built, once in this run; the earlier it is asked for, the earlier it is there."""
        known = self._environments.get(environment.digest)
        if known is None:
            known = self._environments[environment.digest] = self._site.environments.location(
                environment, self._objects, self._origin
            )
        return known

    def launch(self, execution: Execution, mlflow_run: Future[str], on_end: OnEnd) -> None:
        """Execute as soon as environment, MLflow run and a slot are there; `on_end` is handled as an event."""
        location = self.prepare(execution.step.environment)
        waiting = _Waiting(
            self._events.expect(), partial(self._on_environment, execution, location, mlflow_run, on_end)
        )
        with self._lock:
            self._waiting[execution.step.name, execution.trial] = waiting
            is_late = bool(self._stop_reason)
        if is_late:
            waiting.wait_no_longer()
        # Both before a slot is taken, which others may need while MLflow is away.
        location.add_done_callback(lambda _: mlflow_run.add_done_callback(lambda _: waiting.wait_no_longer()))

    def _on_environment(self, execution: Execution, built: Future[str], mlflow_run: Future[str], on_end: OnEnd) -> None:
        error = self._refusal(execution) or built.exception()
        if error is not None:
            self._end_unstarted(execution, error, mlflow_run, on_end)
            return
        happened = self._events.expect()
        known = noted()

        def work() -> None:
            outputs: dict[str, str] = {}
            failure: BaseException | None = None
            try:
                with about(**known, step=execution.label):
                    outputs = self._execute(execution, built.result(), mlflow_run)
            except BaseException as caught:
                failure = caught
            happened(partial(on_end, execution, failure, outputs))

        self._site.slots.submit(work)

    def _end_unstarted(
        self, execution: Execution, error: BaseException, mlflow_run: Future[str], on_end: OnEnd
    ) -> None:
        """Nothing was started, but a run was made for it in MLflow, which has to be ended too."""
        self._end_left_over(execution)
        if self._site.recorder.backlog is not None and mlflow_run.cancel():
            on_end(execution, error, {})  # MLflow is away: none was made, and none will be
            return

        def end(created: Future[str]) -> None:
            if created.exception() is None:
                self._journal.change(execution.step.name, execution.trial, mlflow_run_id=created.result())
            on_end(execution, error, {})

        self._events.when_done(mlflow_run, end)

    def _execute(self, execution: Execution, location: str, mlflow_run: Future[str]) -> dict[str, str]:
        """In a slot's thread."""
        mlflow_run_id = mlflow_run.result()
        known = self._journal.change(execution.step.name, execution.trial, mlflow_run_id=mlflow_run_id)
        refusal = self._refusal(execution)
        if refusal is not None:
            self._end_left_over(execution)
            raise refusal
        self._journal.change(
            execution.step.name,
            execution.trial,
            status=StepStatus.RUNNING,
            started=(known.started if execution.handle else None) or self._site.clock(),
            log=str(self._site.workspace.log_path(execution.run_id, execution.step.name, execution.trial)),
        )
        key = (execution.step.name, execution.trial)
        place = self._site.artifacts.place(execution.run_id, *key) if mlflow_run_id else None
        on_started = partial(self._on_started, key)
        try:
            return self._runner.run(
                execution, location, self._variables(mlflow_run_id), self._objects, on_started, place
            )
        finally:
            with self._lock:
                self._handles.pop(key, None)

    def _refusal(self, execution: Execution) -> StepError | None:
        """Why it is not executed, if so; what an earlier process started is left as it is, where all is left."""
        if not self._stop_reason:
            reason = self._ended.get((execution.step.name, execution.trial))
            return StepCancelledError(reason) if reason else None
        is_left = self._is_leaving and execution.handle
        return StepLeftError("goes on") if is_left else StepCancelledError(self._stop_reason)

    def _end_left_over(self, execution: Execution) -> None:
        """What an earlier process started, and this one will not follow, must not go on by itself."""
        if execution.handle and not self._is_leaving:
            self._runner.cancel(execution.handle)

    def _on_started(self, key: tuple[str, str], handle: str, attempt: int) -> None:
        self._journal.change(*key, handle=handle, attempt=attempt)
        self._journal.flush()
        with self._lock:
            self._handles[key] = handle
            is_late = bool(self._stop_reason or key in self._ended)
        if is_late:
            self._let_go(handle)

    def end(self, step: str, trial: str, reason: str) -> None:
        """End one execution, which then counts as cancelled; the others go on."""
        key = (step, trial)
        with self._lock:
            self._ended[key] = reason
            handle = self._handles.get(key)
            waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.wait_no_longer()
        if handle is not None:
            threading.Thread(target=self._let_go, args=(handle,), daemon=True).start()

    def stop(self, reason: str, is_leaving: bool = False) -> None:
        """Start nothing new; end what runs, or leave it to go on for the next process."""
        with self._lock:
            if self._stop_reason:
                return
            self._stop_reason, self._is_leaving = reason, is_leaving
            handles = list(self._handles.values())
            waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            each.wait_no_longer()
        for handle in handles:
            threading.Thread(target=self._let_go, args=(handle,), daemon=True).start()

    def _let_go(self, handle: str) -> None:
        if self._is_leaving:
            self._runner.leave(handle)
        else:
            self._runner.cancel(handle)


class _Waiting:
    """An execution that waits for its environment, or for word that it will not be executed; whichever comes first."""

    def __init__(self, happened: Callable[[Callable[[], None]], None], go_on: Callable[[], None]) -> None:
        self._happened = happened
        self._go_on = go_on
        self._lock = threading.Lock()
        self._is_over = False

    def wait_no_longer(self) -> None:
        """Have it go on, once; any thread may."""
        with self._lock:
            is_first, self._is_over = not self._is_over, True
        if is_first:
            self._happened(self._go_on)
