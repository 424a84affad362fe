"""`logs`: what steps, trials and environment builds printed, or print."""

from __future__ import annotations

import re
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.moments import moment_since
from reconciler.cli.output import complain, say
from reconciler.model.errors import UsageError
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.state.environments import BUILDING, EnvironmentState
from reconciler.state.folder import StateFolder
from reconciler.state.log_lines import LogLines
from reconciler.state.store import State

_STEP = re.compile(r"^(.+?)(?:\[(\d+)\])?$")


@dataclass(frozen=True, slots=True)
class LogsWish:
    """How much of a log is to be told; `since` as it was written."""

    tail: int | None = None
    since: str | None = None
    is_following: bool = False


def logs(what: str, step: str | None, folder: StateFolder, wish: LogsWish) -> int:
    """Print logs of steps, or of an environment's build; those of what is under way are followed where that is wished.

    Raises:
        UsageError: there is no such run, step or environment, or `since` is no time.
    """
    since = moment_since(wish.since, time.time()) if wish.since else 0.0
    state = State(folder)
    try:
        if what in ("environment", "env"):
            _environment_log(state, _build(state, step), wish, since)
            return 0
        run = state.runs.get(what) or next(iter(state.runs.recent(what, limit=1)), None)
        if run is None:
            raise UsageError(f"there is no run and no pipeline `{what}`", hint="see `reconciler runs`")
        if wish.is_following and run.status is RunStatus.RUNNING:
            _follow(state, run, step, wish, since)
            return 0
        steps = [candidate for candidate in _with_trials(state, run) if step is None or _is_named(candidate, step)]
        if step is not None and not steps:
            raise UsageError(f"{run.id} has no step `{step}`", hint=f"see `reconciler runs {run.id}`")
        for candidate in steps:
            if _is_since(candidate, since):
                _print_log(state, candidate, wish.tail, with_title=len(steps) > 1)
        return 0
    finally:
        state.close()


def _follow(state: State, run: Run, wanted: str | None, wish: LogsWish, since: float) -> None:
    from reconciler.cli.followed_logs import FollowedRun

    known = state.runs.steps(run.id)
    named = [step for step in known if wanted is None or step.name == wanted or _is_named(step, wanted)]
    if wanted is not None and known and not named:
        matched = _STEP.match(wanted)
        if matched is None or all(step.name != matched[1] for step in known):
            raise UsageError(f"{run.id} has no step `{wanted}`", hint=f"see `reconciler runs {run.id}`")

    def is_wanted(step: StepRun) -> bool:
        return (wanted is None or _is_named(step, wanted)) and _is_since(step, since)

    FollowedRun(state, run, is_wanted, is_whole=wanted is None, tail=wish.tail).follow()


def _is_since(step: StepRun, since: float) -> bool:
    """Whether a step may have printed something since: when, no line of a log says."""
    return step.ended is None or step.ended >= since


def _with_trials(state: State, run: Run) -> list[StepRun]:
    """The steps of a run; a sweep that was reused is followed by the trials of the run that made it."""
    steps = state.runs.steps(run.id)
    with_trials = {step.name for step in steps if step.trial}
    found = []
    for step in steps:
        found.append(step)
        if step.reused_from and step.name not in with_trials:
            made_by = state.runs.steps(step.reused_from)
            found.extend(trial for trial in made_by if trial.name == step.name and trial.trial)
    return found


def _is_named(step: StepRun, wanted: str) -> bool:
    matched = _STEP.match(wanted)
    return matched is not None and step.name == matched[1] and matched[2] in (None, step.trial)


def _print_log(state: State, step: StepRun, tail: int | None, with_title: bool) -> None:
    label = f"{step.name}[{step.trial}]" if step.trial else step.name
    path = step.log or _log_of_origin(state, step)
    if not path:
        if not with_title:
            complain(f"{label} printed nothing: it is {step.status}")
        return
    if with_title:
        say(f"==> {label} <==")
    _print_file(Path(path), tail)


def _log_of_origin(state: State, step: StepRun) -> str:
    """The log of the run that made a reused result."""
    if not step.reused_from:
        return ""
    origin = {(known.name, known.trial): known for known in state.runs.steps(step.reused_from)}
    found = origin.get((step.name, step.trial))
    return found.log if found else ""


def _build(state: State, name: str | None) -> EnvironmentState:
    known = state.environments.all()
    found = [each for each in known if each.name == name and each.log]
    if not found:
        built = ", ".join(sorted({each.name for each in known})) or "none was built yet"
        message = f"there is no environment `{name}`" if name else "the environment has to be named"
        raise UsageError(message, hint=f"built: {built}")
    return found[-1]


def _environment_log(state: State, build: EnvironmentState, wish: LogsWish, since: float) -> None:
    if wish.is_following and build.status == BUILDING:
        from reconciler.cli.followed_logs import follow_build

        follow_build(state, build, wish.tail)
    elif build.ended is None or build.ended >= since:
        _print_file(Path(build.log), wish.tail)


def _print_file(path: Path, tail: int | None) -> None:
    with closing(LogLines(path, tail)) as log:
        if not log.is_there:
            complain(f"the log {path} is gone")
            return
        for line in log.rest():
            say(line)
