"""What steps, trials and environment builds printed that are not followed any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.runs import StepRun
from reconciler.state.log_lines import LogLines
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log; a note is about the log and not of it."""

    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class FinishedLogs:
    """Logs one after the other.

    Attributes:
        parts: of each, what it is called, and where it lies; or why there is none.
        has_titles: whether each is told by its name first.
        tail: how many lines of each, None for all.
    """

    parts: tuple[tuple[str, Path | str], ...]
    has_titles: bool
    tail: int | None

    def lines(self) -> Iterator[LogLine]:
        """What is to be told; what has gone meanwhile is said."""
        for label, part in self.parts:
            if isinstance(part, str):
                if not self.has_titles:
                    yield LogLine(part, is_note=True)
                continue
            if self.has_titles:
                yield LogLine(f"==> {label} <==")
            yield from self._of_file(part)

    def _of_file(self, path: Path) -> Iterator[LogLine]:
        with closing(LogLines(path, self.tail)) as log:
            if not log.is_there:
                yield LogLine(f"the log {path} is gone", is_note=True)
                return
            for line in log.rest():
                yield LogLine(line)


def logs_of_steps(state: State, steps: Sequence[StepRun], has_titles: bool, tail: int | None) -> FinishedLogs:
    """The logs of these steps; of a result that was reused, that of the run which made it."""
    return FinishedLogs(tuple(_part(state, step) for step in steps), has_titles, tail)


def _part(state: State, step: StepRun) -> tuple[str, Path | str]:
    label = f"{step.name}[{step.trial}]" if step.trial else step.name
    path = step.log or _log_of_origin(state, step)
    return label, Path(path) if path else f"{label} printed nothing: it is {step.status}"


def _log_of_origin(state: State, step: StepRun) -> str:
    if not step.reused_from:
        return ""
    origin = {(known.name, known.trial): known for known in state.runs.steps(step.reused_from)}
    found = origin.get((step.name, step.trial))
    return found.log if found else ""
