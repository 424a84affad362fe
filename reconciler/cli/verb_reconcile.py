"""`reconcile`: have the running daemon look now."""

from __future__ import annotations

import time
from collections.abc import Sequence

from reconciler.cli.output import complain, say
from reconciler.cli.progress import Progress
from reconciler.cli.run_table import show_run
from reconciler.daemon.requests import Answer, Requests
from reconciler.model.errors import UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State


def reconcile(
    sources: Sequence[str],
    folder: StateFolder,
    timeout_seconds: float,
    is_waiting: bool,
    is_refreshing: bool = False,
    is_prune_confirmed: bool = False,
    is_drift_looked_for: bool = False,
    is_overriding: bool = False,
) -> int:
    """Ask the daemon, wait for its answers, and for its runs where asked; 1 where something is wrong.

    Args:
        sources: those that are to be looked at, none for all.
    """
    state = State(folder)
    try:
        if state.lock.owner() is None:
            hint = "start one with `reconciler daemon --source …`, or reconcile once with `--once`"
            raise UsageError("no daemon runs on this state", place=str(folder.root), hint=hint)
        progress = Progress(state)
        chosen = _chosen(sources, state)
        requests = Requests(folder.requests)
        asked = {
            source: requests.ask(
                refresh_images=is_refreshing,
                confirm_prune=is_prune_confirmed,
                drift=is_drift_looked_for,
                override=is_overriding,
                source=source,
            )
            for source in chosen
        }
        deadline = time.monotonic() + timeout_seconds
        are_good = [
            _show(
                requests.wait(name, max(0.0, deadline - time.monotonic())),
                source if len(chosen) > 1 else "",
                timeout_seconds,
            )
            for source, name in asked.items()
        ]
        if not is_waiting or not any(are_good):
            return 0 if all(are_good) else 1
        progress.follow(lambda: not any(_is_of(run, chosen) for run in state.runs.running()))
        started = [run for run in progress.runs() if _is_of(run, chosen)]
        for run in started:
            show_run(state, run)
        return 0 if all(are_good) and all(run.status.is_good for run in started) else 1
    finally:
        state.close()


def _chosen(sources: Sequence[str], state: State) -> Sequence[str]:
    """The sources that are to be asked; "" is whatever a daemon follows that has not said so yet.

    Raises:
        UsageError: one of them is not followed.
    """
    followed = state.settings.followed
    for source in sources:
        if source not in followed:
            hint = did_you_mean(source, followed, f"there are: {', '.join(followed) or 'none'}")
            raise UsageError(f"no source `{source}` is followed", hint=hint)
    return list(dict.fromkeys(sources)) or followed or ("",)


def _is_of(run: Run, sources: Sequence[str]) -> bool:
    return run.source in sources or (sources == ("",) and run.source != LOCAL_SOURCE)


def _show(answer: Answer | None, source: str, seconds: float) -> bool:
    """Say what came of it; False where it came to nothing good."""
    named = f"{source}: " if source else ""
    if answer is None:
        complain(f"{named}the daemon did not answer within {seconds:g} seconds")
        return False
    if not answer.is_good:
        complain(f"{named}refused: {answer.message}")
        return False
    say(f"{named}reconciled{f' {answer.message}' if answer.message else '; the source has no revision yet'}")
    return True
