"""`cancel`: end a run with all that executes of it."""

from __future__ import annotations

import http
import time
from collections.abc import Callable

from reconciler.cli.daemon_client import DaemonClient
from reconciler.cli.output import complain, say
from reconciler.cli.site_factory import SiteOptions, site_as_left
from reconciler.cli.whereabouts import Server, Where, client_of, daemon_of
from reconciler.execution.carry_out import ENDED_BY_HAND, abandon
from reconciler.model.errors import RefusedError, UsageError
from reconciler.model.runs import Run, RunStatus
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State

_LOOK_SECONDS = 0.05


def cancel(target: str, where: Where, options: SiteOptions, timeout_seconds: float) -> int:
    """Cancel a run, or the one of a pipeline that runs; 1 where it is not over in time."""
    if isinstance(where, Server):
        return _elsewhere(client_of(where), target, timeout_seconds)
    state = State(where)
    try:
        run = _running(state, target)
        daemon = daemon_of(state) if run.source != LOCAL_SOURCE else None
        if daemon is not None:
            return _ended(daemon, run.id, timeout_seconds, lambda: _status_of(state, run.id))
        if not state.presence.enter() and run.source == LOCAL_SOURCE:
            hint = "end it with Ctrl-C where it was started"
            raise UsageError(f"{run.id} is carried out by an `apply` that still runs", hint=hint)
        site = site_as_left(state, options, run.source)
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


def _status_of(state: State, run_id: str) -> str:
    found = state.runs.get(run_id)
    return found.status if found is not None else RunStatus.RUNNING


def _elsewhere(daemon: DaemonClient, target: str, timeout_seconds: float) -> int:
    running = [each["id"] for each in daemon.get("runs", pipeline=target) if each["status"] == RunStatus.RUNNING]
    run_id = running[0] if running else target
    return _ended(daemon, run_id, timeout_seconds, lambda: daemon.get("runs", run_id)["status"])


def _ended(daemon: DaemonClient, run_id: str, timeout_seconds: float, status: Callable[[], str]) -> int:
    """Have the daemon end a run, and see that it does."""
    deadline = time.monotonic() + timeout_seconds
    try:
        daemon.post("runs", run_id, "cancel", timeout_seconds=timeout_seconds)
    except RefusedError as error:
        if error.status != http.HTTPStatus.CONFLICT:
            raise
        complain(error.message)
        return 1
    while time.monotonic() < deadline:
        now = status()
        if now != RunStatus.RUNNING:
            say(f"{run_id}: {now}")
            return 0
        time.sleep(_LOOK_SECONDS)
    complain(f"{run_id} is being cancelled, but is not over after {timeout_seconds:g} seconds")
    return 1
