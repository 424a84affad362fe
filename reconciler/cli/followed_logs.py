"""`logs --follow`: what a run, a step or a build prints, as it does, to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from reconciler.cli.output import complain
from reconciler.cli.reads import StateReads
from reconciler.cli.watching import tell, watch
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.state.environments import BUILDING, EnvironmentState
from reconciler.state.log_lines import LogLines
from reconciler.state.store import State

Key = tuple[str, str]


class Followed(Protocol):
    """A log that grows."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will be printed any more, as of the last look."""

    def look(self) -> None:
        """See what there is to be told; called whenever the state may have changed."""

    def lines(self) -> Iterator[str]:
        """What was printed since the last time."""

    def note(self) -> str:
        """What is to be said at the end, "" where nothing is."""

    def close(self) -> None: ...


def follow(state: State, followed: Followed) -> None:
    """Tell what is printed, to the end."""

    def tell_new() -> None:
        for line in followed.lines():
            tell(line)

    with closing(followed):
        watch(StateReads(state), followed.look, lambda: followed.is_over, tell_new)
        if followed.is_over and followed.note():
            complain(followed.note())


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

    @property
    def is_over(self) -> bool:
        return self._is_over

    def look(self) -> None:
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

    def lines(self) -> Iterator[str]:
        for key in list(self._logs):
            is_over = self._is_over or key in self._over
            log = self._logs[key]
            for line in log.rest() if is_over else log.whole():
                yield f"{self._prefixes[key]:<{self._width}} | {line}" if self._has_prefix else line
            if is_over:
                self._logs.pop(key).close()

    def note(self) -> str:
        return "" if self._prefixes else f"{self._run.id} printed nothing"

    def close(self) -> None:
        for log in self._logs.values():
            log.close()


def _label(step: StepRun) -> str:
    return f"{step.name}[{step.trial}]" if step.trial else step.name


class FollowedBuild:
    """The build of an environment."""

    def __init__(self, state: State, build: EnvironmentState, tail: int | None) -> None:
        self._state = state
        self._build = build
        self._log = LogLines(Path(build.log), tail)
        self._is_over = False

    @property
    def is_over(self) -> bool:
        return self._is_over

    def look(self) -> None:
        build = self._build
        now = [each for each in self._state.environments.all(build.engine) if each.digest == build.digest]
        self._is_over = not now or now[0].status != BUILDING

    def lines(self) -> Iterator[str]:
        yield from self._log.rest() if self._is_over else self._log.whole()

    def note(self) -> str:
        return ""

    def close(self) -> None:
        self._log.close()
