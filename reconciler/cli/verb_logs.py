"""`logs`: what steps, trials and environment builds printed, or print."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.finished_logs import FinishedLogs, logs_of_steps
from reconciler.cli.moments import moment_since
from reconciler.cli.output import complain, say
from reconciler.cli.watching import ending_well, tell
from reconciler.cli.whereabouts import Server, Where, client_of
from reconciler.model.errors import UnknownError
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.state.environments import BUILDING, EnvironmentState
from reconciler.state.store import State

if TYPE_CHECKING:
    from reconciler.cli.daemon_client import DaemonClient
    from reconciler.cli.followed_logs import Followed

_ENVIRONMENT = ("environment", "env")
_STEP = re.compile(r"^(.+?)(?:\[(\d+)\])?$")


@dataclass(frozen=True, slots=True)
class LogsWish:
    """How much of a log is to be told; `since` as it was written."""

    tail: int | None = None
    since: str | None = None
    is_following: bool = False


def logs(what: str, step: str | None, where: Where, wish: LogsWish) -> int:
    """Print logs of steps, or of an environment's build; those of what is under way are followed where that is wished.

    Raises:
        UsageError: there is no such run, step or environment, or `since` is no time.
    """
    if isinstance(where, Server):
        _tell_elsewhere(client_of(where), what, step, wish)
        return 0
    state = State(where)
    try:
        chosen = chosen_logs(state, what, step, wish)
        if not isinstance(chosen, FinishedLogs):
            from reconciler.cli.followed_logs import follow

            follow(state, chosen)
            return 0
        for line in chosen.lines():
            (complain if line.is_note else say)(line.text)
        return 0
    finally:
        state.close()


def chosen_logs(state: State, what: str, step: str | None, wish: LogsWish) -> FinishedLogs | Followed:
    """The logs that are meant: such as grow where they are to be followed and do.

    Raises:
        UsageError: there is no such run, step or environment, or `since` is no time.
    """
    since = moment_since(wish.since, time.time()) if wish.since else 0.0
    if what in _ENVIRONMENT:
        return _of_environment(state, _build(state, step), wish, since)
    run = state.runs.get(what) or next(iter(state.runs.recent(what, limit=1)), None)
    if run is None:
        raise UnknownError(f"there is no run and no pipeline `{what}`", hint="see `reconciler runs`")
    if wish.is_following and run.status is RunStatus.RUNNING:
        return _followed(state, run, step, wish, since)
    steps = [each for each in _with_trials(state, run) if step is None or _is_named(each, step)]
    if step is not None and not steps:
        raise _no_step(run, step)
    wanted = [each for each in steps if _is_since(each, since)]
    return logs_of_steps(state, wanted, len(steps) > 1, wish.tail)


def _tell_elsewhere(daemon: DaemonClient, what: str, step: str | None, wish: LogsWish) -> None:
    if not wish.is_following:
        with ending_well(), daemon.lines("logs", what, step=step, tail=wish.tail, since=wish.since) as lines:
            for line in lines:
                tell(line)
        return
    given = {"step": step, "tail": wish.tail, "since": wish.since}
    with ending_well(), daemon.stream("logs", what, "stream", **given) as happening:
        for kind, data in happening:
            if kind == "note":
                complain(json.loads(data)["note"])
            else:
                tell(json.loads(data)["line"])


def _followed(state: State, run: Run, wanted: str | None, wish: LogsWish, since: float) -> Followed:
    from reconciler.cli.followed_logs import FollowedRun

    known = state.runs.steps(run.id)
    named = [step for step in known if wanted is None or step.name == wanted or _is_named(step, wanted)]
    if wanted is not None and known and not named:
        matched = _STEP.match(wanted)
        if matched is None or all(step.name != matched[1] for step in known):
            raise _no_step(run, wanted)

    def is_wanted(step: StepRun) -> bool:
        return (wanted is None or _is_named(step, wanted)) and _is_since(step, since)

    return FollowedRun(state, run, is_wanted, is_whole=wanted is None, tail=wish.tail)


def _no_step(run: Run, step: str) -> UnknownError:
    return UnknownError(f"{run.id} has no step `{step}`", hint=f"see `reconciler runs {run.id}`")


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


def _build(state: State, name: str | None) -> EnvironmentState:
    known = state.environments.all()
    found = [each for each in known if each.name == name and each.log]
    if not found:
        built = ", ".join(sorted({each.name for each in known})) or "none was built yet"
        message = f"there is no environment `{name}`" if name else "the environment has to be named"
        raise UnknownError(message, hint=f"built: {built}")
    return found[-1]


def _of_environment(state: State, build: EnvironmentState, wish: LogsWish, since: float) -> FinishedLogs | Followed:
    if wish.is_following and build.status == BUILDING:
        from reconciler.cli.followed_logs import FollowedBuild

        return FollowedBuild(state, build, wish.tail)
    is_told = build.ended is None or build.ended >= since
    return FinishedLogs(((build.name, Path(build.log)),) if is_told else (), has_titles=False, tail=wish.tail)
