"""`logs --follow`: what a run, a step or a build prints, as it does, to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from reconciler.cli.output import complain
from reconciler.cli.watching import tell, watch
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.state.environments import BUILDING, EnvironmentState
from reconciler.state.log_lines import LogLines
from reconciler.state.store import State

Key = tuple[str, str]


class FollowedRun:
    """The steps of a run, told as they print: each line with its step where there may be several.

    Args:
        is_wanted: which steps and trials are told.
        is_whole: whether they are all of the run, which may print something until it is over itself.
        tail: how many lines of what is there already are told, of each of them.
    """

    def __init__(
        self, state: State, run: Run, is_wanted: Callable[[StepRun], bool], is_whole: bool, tail: int | None
    ) -> None:
        self._state = state
        self._run = run
        self._is_wanted = is_wanted
        self._is_whole = is_whole
        self._has_prefix = is_whole
        self._tail = tail
        self._logs: dict[Key, LogLines] = {}
        self._over: set[Key] = set()
        self._prefixes: dict[Key, str] = {}
        self._is_over = False
        self._width = 0

    def follow(self) -> None:
        """Tell until the run, or all that is wanted of it, is over."""
        try:
            watch(self._state, self._look, lambda: self._is_over, self._tell)
        finally:
            for log in self._logs.values():
                log.close()
        if self._is_over and not self._prefixes:
            complain(f"{self._run.id} printed nothing")

    def _look(self) -> None:
        run = self._state.runs.get(self._run.id) or self._run
        steps = self._state.runs.steps(run.id)
        wanted = [step for step in steps if self._is_wanted(step)]
        self._width = max([self._width, *(len(_label(step)) for step in wanted)])
        self._has_prefix = self._is_whole or len(wanted) > 1
        for step in wanted:
            key = (step.name, step.trial)
            if step.log and key not in self._prefixes:
                self._logs[key] = LogLines(Path(step.log), self._tail)
                self._prefixes[key] = _label(step)
            if step.status.is_over:
                self._over.add(key)
        is_done = not self._is_whole and bool(wanted) and all(step.status.is_over for step in wanted)
        self._is_over = is_done or run.status is not RunStatus.RUNNING

    def _tell(self) -> None:
        for key in list(self._logs):
            is_over = self._is_over or key in self._over
            log = self._logs[key]
            for line in log.rest() if is_over else log.whole():
                tell(f"{self._prefixes[key]:<{self._width}} | {line}" if self._has_prefix else line)
            if is_over:
                self._logs.pop(key).close()


def _label(step: StepRun) -> str:
    return f"{step.name}[{step.trial}]" if step.trial else step.name


def follow_build(state: State, build: EnvironmentState, tail: int | None) -> None:
    """Tell what the build of an environment prints, until it is over."""
    is_over = False

    def look() -> None:
        nonlocal is_over
        now = [each for each in state.environments.all(build.engine) if each.digest == build.digest]
        is_over = not now or now[0].status != BUILDING

    with closing(LogLines(Path(build.log), tail)) as log:

        def lines() -> Iterator[str]:
            return log.rest() if is_over else log.whole()

        def tell_new() -> None:
            for line in lines():
                tell(line)

        watch(state, look, lambda: is_over, tell_new)
