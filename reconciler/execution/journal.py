"""The steps of one run as they stand, kept in the state: several changes at a time when nothing waits."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from reconciler.model.runs import Result, StepRun
from reconciler.model.steps import Step
from reconciler.state.patience import Patience
from reconciler.state.store import State


class Journal:
    """Statuses of steps and trials; threads may note, one lock orders them.

    While the state cannot be written, whoever writes waits until it can.
    """

    def __init__(
        self, state: State, positions: dict[str, int], known: Iterable[StepRun], patience: Patience | None = None
    ) -> None:
        self._state = state
        self._patience = patience or Patience()
        self._positions = positions
        self._steps: dict[tuple[str, str], StepRun] = {(step.name, step.trial): step for step in known}
        self._unsaved: dict[tuple[str, str], StepRun] = {}
        self._lock = threading.RLock()

    def get(self, name: str, trial: str = "") -> StepRun | None:
        return self._steps.get((name, trial))

    def all(self) -> list[StepRun]:
        with self._lock:
            return list(self._steps.values())

    def note(self, step: StepRun) -> None:
        """Keep a step in memory; `flush` writes it."""
        with self._lock:
            self._steps[step.name, step.trial] = step
            self._unsaved[step.name, step.trial] = step

    def note_anew(self, step: Step) -> StepRun:
        """Keep a step as one that nothing is known of yet."""
        known = self._steps[step.name, ""]
        fresh = StepRun(known.run_id, step.name, kind=step.kind, definition=step.definition.digest)
        self.note(fresh)
        return fresh

    def change(self, name: str, trial: str = "", **changes: Any) -> StepRun:
        """Change what is known of a step."""
        with self._lock:
            changed = replace(self._steps[name, trial], **changes)
            self.note(changed)
            return changed

    def flush(self) -> None:
        """Write what was noted since the last time, in one transaction."""
        with self._lock:
            if not self._unsaved:
                return
            unsaved = [(step, self._positions[step.name]) for step in self._unsaved.values()]
            self._patience(lambda: self._state.runs.save_steps(unsaved))
            self._unsaved.clear()

    def keep_result(self, step: StepRun, result: Result, now: float) -> None:
        """Write that a step ended together with what it gave: both or neither."""
        with self._lock:
            self.note(step)
            unsaved = [(each, self._positions[each.name]) for each in self._unsaved.values()]

            def write() -> None:
                with self._state.database.transaction():
                    self._state.results.save(result, now)
                    self._state.runs.save_steps(unsaved)

            self._patience(write)
            self._unsaved.clear()
