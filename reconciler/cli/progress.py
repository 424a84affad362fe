"""What happens now, read from the state: a live table on a terminal, a line per change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.cli.output import STYLES, say
from reconciler.model.runs import Run, RunStatus, StepRun, StepStatus
from reconciler.state.environments import BUILDING, EnvironmentState
from reconciler.state.store import State

if TYPE_CHECKING:
    from rich.console import RenderableType

_INTERVAL_SECONDS = 0.1


class Progress:
    """Follows the environments and runs that start or end after it was made."""

    def __init__(self, state: State, since: float | None = None) -> None:
        self._state = state
        self._since = time.time() if since is None else since
        self._said: dict[tuple[str, ...], str] = {}
        self._only = ""

    def confine(self, run_id: str) -> None:
        """Follow this run alone, whenever it started."""
        self._only = run_id

    def follow(self, is_done: Callable[[], bool], wait: Callable[[float], object] = time.sleep) -> None:
        """Show what happens until it is done; `wait` lets so many seconds pass, or less where it knows of the end."""
        if not sys.stdout.isatty():
            while not is_done():
                self._say_changes()
                wait(_INTERVAL_SECONDS)
            self._say_changes()
            return
        from rich.live import Live

        with Live(refresh_per_second=8, transient=True) as live:
            while not is_done():
                live.update(self._render())
                wait(_INTERVAL_SECONDS)

    def _environments(self) -> list[EnvironmentState]:
        return [
            environment
            for environment in self._state.environments.all()
            if (environment.started or 0) >= self._since or environment.status == BUILDING
        ]

    def runs(self) -> list[Run]:
        """The runs that started since, the oldest first, or the one that is followed alone."""
        if self._only:
            run = self._state.runs.get(self._only)
            return [run] if run is not None else []
        return [run for run in reversed(self._state.runs.recent(limit=10)) if run.started >= self._since]

    def _say_changes(self) -> None:
        for environment in self._environments():
            took = _took(environment.started, environment.ended)
            self._once(("environment", environment.digest), environment.status, f"environment {environment.name}", took)
        for run in self.runs():
            if run.status is RunStatus.RESTORED:
                self._once((run.id,), run.status, run.id, f" from {run.restored_from}")
                continue
            for step in self._state.runs.steps(run.id):
                if step.status is not StepStatus.PENDING:
                    label = f"{step.name}[{step.trial}]" if step.trial else step.name
                    detail = f"{_took(step.started, step.ended)}{_parameters(step)}"
                    self._once((run.id, step.name, step.trial), step.status, f"{run.id} {label}", detail)

    def _once(self, key: tuple[str, ...], status: str, subject: str, detail: str) -> None:
        if self._said.get(key) != status:
            self._said[key] = status
            say(f"{time.time() - self._since:7.1f} s  {subject}: {status}{detail}")

    def _render(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for column in ("", "status", "time", ""):
            table.add_column(column)
        for environment in self._environments():
            took = _took(environment.started, environment.ended or time.time())
            table.add_row(f"environment {environment.name}", environment.status, took, "")
        for run in self.runs():
            steps = self._state.runs.steps(run.id)
            table.add_row(Text(run.id, style="bold"), run.status, _took(run.started, run.ended or time.time()), "")
            for step in steps:
                if step.trial:
                    continue
                trials = [trial for trial in steps if trial.name == step.name and trial.trial]
                ended = step.ended or (time.time() if step.status is StepStatus.RUNNING else None)
                status = Text(step.status, style=STYLES.get(step.status, ""))
                table.add_row(f"  {step.name}", status, _took(step.started, ended), _trials(trials))
        return table


def _trials(trials: list[StepRun]) -> str:
    if not trials:
        return ""
    over = sum(trial.status.is_over for trial in trials)
    running = [_parameters(trial).strip(" ()") for trial in trials if trial.status is StepStatus.RUNNING]
    return f"{over}/{len(trials)} trials" + (f", now {'; '.join(running)}" if running else "")


def _parameters(step: StepRun) -> str:
    given = ", ".join(f"{name}={value}" for name, value in step.hyperparameters.items())
    return f" ({given})" if given else ""


def _took(started: float | None, ended: float | None) -> str:
    return f" {ended - started:.1f} s" if started is not None and ended is not None else ""
