"""One execution of one step or trial: laid out, started, followed, its outputs taken in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from reconciler.engines.base import Engine, Exit, ExitReason, Labels, Task
from reconciler.execution.apart import own_registry
from reconciler.execution.artifacts import Artifacts
from reconciler.execution.processes import free_ports, launched, size_of
from reconciler.execution.workspace import Objects, Workspace
from reconciler.model.commands import literal_text, named, render
from reconciler.model.errors import StepError
from reconciler.model.manifests import Scalar
from reconciler.model.runs import NO_ROOM
from reconciler.model.steps import Definition, InputSource, Step
from reconciler.source.stores import AbandonedError
from reconciler.state.log_tail import log_tail

_TAIL_LINES = 15
_BEGINNINGS = 5
_LEAST_FREE_BYTES = 1 << 20
_FAILURES = {
    ExitReason.FAILED: "exit-status",
    ExitReason.TIMED_OUT: "timed-out",
    ExitReason.OUT_OF_MEMORY: "out-of-memory",
    ExitReason.ENGINE_GONE: "engine-gone",
    ExitReason.INTERRUPTED: "interrupted",
    ExitReason.LOST: "lost",
}
_OF_ITS_OWN = (ExitReason.FAILED, ExitReason.TIMED_OUT, ExitReason.OUT_OF_MEMORY)
OnStarted = Callable[[str, int], None]
"""Gets the engine's handle and the number of the attempt, before anything of it begins."""


class StepCancelledError(StepError):
    """The step was ended on purpose."""


class StepLeftError(StepError):
    """The step goes on, for another process to take up."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What is to be executed.

    Attributes:
        trial: the number of a sweep's trial, "" for a step.
        definition: of the step, or of the trial with its hyperparameters among the literals.
        inputs: content digests of the data inputs by name.
        handle: the engine's, where the execution was started by an earlier process.
        attempt: the number of the one that was under way then; 1 where none was.
    """

    run_id: str
    pipeline: str
    step: Step
    definition: Definition
    fingerprint: str
    inputs: Mapping[str, str]
    trial: str = ""
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict)
    timeout_seconds: float | None = None
    handle: str = ""
    attempt: int = 1

    @property
    def label(self) -> str:
        return f"{self.step.name}[{self.trial}]" if self.trial else self.step.name

    @property
    def sources(self) -> Mapping[str, InputSource]:
        return dict(self.step.sources)


class TaskRunner:
    """Executes on an engine and answers with the digests of the outputs.

    Args:
        is_apart: models that steps register by themselves go to registries of their own.
    """

    def __init__(self, engine: Engine, workspace: Workspace, artifacts: Artifacts, is_apart: bool = False) -> None:
        self._is_apart = is_apart
        self._engine = engine
        self._workspace = workspace
        self._artifacts = artifacts

    def run(
        self,
        execution: Execution,
        environment: str,
        variables: Mapping[str, str],
        objects: Objects,
        on_started: OnStarted,
        artifacts: Path | None = None,
    ) -> dict[str, str]:
        """Execute, or take up what an earlier process started, until it ends; what fails begins anew, as it says.

        Its folder stays: whoever is killed before the end is noted can take it up, and comes to the same.

        Args:
            artifacts: where what it leaves in `./outputs` is set aside, None for nowhere.

        Returns:
            The digests of the outputs by name.

        Raises:
            StepCancelledError: it was ended on purpose.
            StepLeftError: it was left to go on.
            StepError: it failed; the message says how and shows the end of the log.
        """
        folder = self._workspace.task_folder(execution.run_id, execution.step.name, execution.trial)
        log = self._workspace.log_path(execution.run_id, execution.step.name, execution.trial)
        log.parent.mkdir(parents=True, exist_ok=True)
        attempt, attempts = execution.attempt, execution.step.retries + 1

        def execute() -> Exit:
            if artifacts is not None:
                self._artifacts.discard(artifacts)
            started = partial(_started, on_started, attempt)
            return self._executed(execution, folder, log, environment, variables, objects, started)

        ended = self._adopt(execution, folder, log, partial(_started, on_started, attempt)) or execute()
        while ended.reason in _OF_ITS_OWN and attempt < attempts:
            attempt += 1
            _note(log, f"attempt {attempt} of {attempts}: the step {ended.message}")
            ended = execute()
        if ended.reason is ExitReason.LEFT:
            raise StepLeftError(ended.message)
        self._workspace.fill_default_output(folder, execution.definition)
        if artifacts is not None:
            self._set_aside(execution, folder, objects, artifacts, log)
        self._check(ended, execution, log)
        return self._outputs(folder, execution, log)

    def _executed(
        self,
        execution: Execution,
        folder: Path,
        log: Path,
        environment: str,
        variables: Mapping[str, str],
        objects: Objects,
        on_started: Callable[[str], None],
    ) -> Exit:
        """Execute; what its engine interrupted begins anew, as often as may be expected of an engine."""
        for _ in range(_BEGINNINGS):
            task = self._task(execution, folder, log, environment, variables, objects)
            ended = self._engine.wait(task, self._engine.start(task, on_started))
            if ended.reason is not ExitReason.INTERRUPTED:
                break
            _note(log, f"the step {ended.message}")
        return ended

    def _set_aside(self, execution: Execution, folder: Path, objects: Objects, place: Path, log: Path) -> None:
        try:
            code = self._workspace.code_folder(execution.definition.code, objects)
            self._artifacts.set_aside(folder / "code", code, place, log)
        except OSError as error:
            _note(log, f"what is in ./outputs cannot be kept as artifacts: {error.strerror or error}")

    def _outputs(self, folder: Path, execution: Execution, log: Path) -> dict[str, str]:
        try:
            return self._workspace.take_in(folder, execution.definition)
        except StepError as error:
            raise StepError(_with_tail(error.message, log), hint=error.hint, reason="output") from error

    def _adopt(self, execution: Execution, folder: Path, log: Path, on_started: Callable[[str], None]) -> Exit | None:
        """How an execution ended that an earlier process started; None where it has to be started anew."""
        if not execution.handle or not folder.is_dir():
            return None
        on_started(execution.handle)
        ended = self._engine.wait(_bare_task(execution, folder, log), execution.handle)
        return None if ended.reason in (ExitReason.LOST, ExitReason.INTERRUPTED) else ended

    def _task(
        self,
        execution: Execution,
        folder: Path,
        log: Path,
        environment: str,
        variables: Mapping[str, str],
        objects: Objects,
    ) -> Task:
        definition = execution.definition
        try:
            contents = {
                name: (source, self._workspace.content_path(source, execution.inputs[name], objects))
                for name, source in execution.sources.items()
            }
        except AbandonedError as error:
            raise StepCancelledError("the program is about to end") from error
        layout = self._workspace.lay_out(folder, self._engine.root(folder), definition, contents)
        directory = self._workspace.working_directory(folder, self._workspace.code_folder(definition.code, objects))
        values: dict[str, Scalar] = {**dict(definition.literals), **layout.inputs}
        command = render(named(definition.command, execution.step.name), values, layout.outputs)
        of_processes: Mapping[str, str] = {}
        if definition.distribution is not None:
            ports = free_ports(size_of(definition.distribution))
            command, of_processes = launched(command, definition.distribution, ports)
        return Task(
            id=f"{execution.run_id}.{execution.label}",
            command=command,
            code_folder=directory,
            folder=folder,
            environment=environment,
            variables={
                **{f"AZURE_ML_INPUT_{name}": literal_text(value) for name, value in values.items()},
                **{f"AZURE_ML_OUTPUT_{name}": path for name, path in layout.outputs.items()},
                **{f"AZUREML_SWEEP_{name}": literal_text(value) for name, value in execution.hyperparameters.items()},
                **variables,
                **of_processes,
                **dict(definition.variables),
                **(own_registry(self._engine.root(folder)) if self._is_apart else {}),
            },
            timeout_seconds=execution.timeout_seconds,
            log=log,
            inputs=layout.contents,
            resources=execution.step.resources,
            labels=Labels(
                execution.run_id, execution.pipeline, execution.step.name, execution.trial, execution.fingerprint
            ),
            is_tracked="MLFLOW_TRACKING_URI" in variables,
            writable=self._workspace.writable_in(directory, definition.code),
        )

    def _check(self, ended: Exit, execution: Execution, log: Path) -> None:
        match ended.reason:
            case ExitReason.COMPLETED:
                return
            case ExitReason.CANCELLED:
                raise StepCancelledError(ended.message or "was cancelled")
            case _:
                hint = f"the whole log: `reconciler logs {execution.run_id} '{execution.label}'`"
                reason = NO_ROOM if _is_full(log) else _FAILURES[ended.reason]
                raise StepError(_with_tail(ended.message, log), hint=hint, reason=reason)

    def cancel(self, handle: str) -> None:
        self._engine.cancel(handle)

    def leave(self, handle: str) -> None:
        self._engine.leave(handle)


def _started(on_started: OnStarted, attempt: int, handle: str) -> None:
    on_started(handle, attempt)


def _note(log: Path, what: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"-- {what} --\n")


def _bare_task(execution: Execution, folder: Path, log: Path) -> Task:
    """What an engine needs to follow an execution that runs already."""
    return Task(
        id=f"{execution.run_id}.{execution.label}",
        command="",
        code_folder=None,
        folder=folder,
        environment="",
        variables={},
        timeout_seconds=execution.timeout_seconds,
        log=log,
    )


def _is_full(path: Path) -> bool:
    """Whether next to nothing can be written to the file system any more, which steps seldom say clearly."""
    return shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES


def _with_tail(message: str, log: Path) -> str:
    tail = log_tail(log, lines=_TAIL_LINES)
    return f"{message}; the end of its log:\n{tail}" if tail.strip() else message
