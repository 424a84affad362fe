"""`reconcile`: have the running daemon look now."""

from __future__ import annotations

from reconciler.cli.output import complain, say
from reconciler.cli.progress import Progress
from reconciler.cli.run_table import show_run
from reconciler.daemon.requests import Requests
from reconciler.model.errors import UsageError
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State


def reconcile(folder: StateFolder, timeout_seconds: float, is_waiting: bool, is_refreshing: bool = False) -> int:
    """Ask the daemon, wait for its answer, and for its runs where asked; 1 where something is wrong."""
    state = State(folder)
    try:
        if state.lock.owner() is None:
            hint = "start one with `reconciler daemon --source …`, or reconcile once with `--once`"
            raise UsageError("no daemon runs on this state", place=str(folder.root), hint=hint)
        progress = Progress(state)
        requests = Requests(folder.requests)
        answer = requests.wait(requests.ask(refresh_images=is_refreshing), timeout_seconds)
        if answer is None:
            complain(f"the daemon did not answer within {timeout_seconds:g} seconds")
            return 1
        if not answer.is_good:
            complain(f"refused: {answer.message}")
            return 1
        say(f"reconciled {answer.message}" if answer.message else "reconciled; the source has no revision yet")
        if is_waiting:
            progress.follow(lambda: not any(run.source != LOCAL_SOURCE for run in state.runs.running()))
            started = [run for run in progress.runs() if run.source != LOCAL_SOURCE]
            for run in started:
                show_run(state, run)
            return 0 if all(run.status.is_good for run in started) else 1
        return 0
    finally:
        state.close()
