"""`cancel`: end a run with all that executes of it."""

from __future__ import annotations

import time

from reconciler.cli.output import complain, say
from reconciler.cli.site_factory import SiteOptions, site_as_left
from reconciler.daemon.requests import Requests
from reconciler.execution.carry_out import ENDED_BY_HAND, abandon
from reconciler.model.errors import UsageError
from reconciler.model.runs import Run, RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State

_LOOK_SECONDS = 0.05


def cancel(target: str, folder: StateFolder, options: SiteOptions, timeout_seconds: float) -> int:
    """Cancel a run, or the one of a pipeline that runs; 1 where it is not over in time."""
    state = State(folder)
    try:
        run = _running(state, target)
        if run.source != LOCAL_SOURCE and state.lock.owner() is not None:
            return _ask_the_daemon(state, run, timeout_seconds)
        if not state.presence.enter() and run.source == LOCAL_SOURCE:
            hint = "end it with Ctrl-C where it was started"
            raise UsageError(f"{run.id} is carried out by an `apply` that still runs", hint=hint)
        site = site_as_left(state, options)
        try:
            abandon(site, run, RunStatus.CANCELLED, ENDED_BY_HAND)
        finally:
            site.close()
        say(f"{run.id}: cancelled")
        return 0
    finally:
        state.presence.leave()
        state.close()


def _running(state: State, target: str) -> Run:
    known = state.runs.get(target)
    running = [run for run in state.runs.running() if target in (run.id, run.pipeline)]
    if running:
        return running[0]
    if known is not None:
        raise UsageError(f"{target} is over already: {known.status}", hint="there is nothing to cancel")
    if state.runs.recent(target, limit=1):
        raise UsageError(f"no run of `{target}` is under way", hint="see `reconciler runs`")
    raise UsageError(f"there is no run and no pipeline `{target}`", hint="see `reconciler runs`")


def _ask_the_daemon(state: State, run: Run, timeout_seconds: float) -> int:
    requests = Requests(state.folder.requests)
    deadline = time.monotonic() + timeout_seconds
    answer = requests.wait(requests.ask(cancel=run.id), timeout_seconds)
    if answer is None or not answer.is_good:
        complain(answer.message if answer else f"the daemon did not answer within {timeout_seconds:g} seconds")
        return 1
    while time.monotonic() < deadline:
        now = state.runs.get(run.id)
        if now is not None and now.status is not RunStatus.RUNNING:
            say(f"{run.id}: {now.status}")
            return 0
        time.sleep(_LOOK_SECONDS)
    complain(f"{run.id} is being cancelled, but is not over after {timeout_seconds:g} seconds")
    return 1
