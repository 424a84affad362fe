"""`reconcile`: have the running daemon look now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from reconciler.cli.daemon_client import DaemonClient
from reconciler.cli.output import complain, harmless, say
from reconciler.cli.progress import Progress
from reconciler.cli.remote_progress import RemoteProgress
from reconciler.cli.run_table import show_run
from reconciler.cli.whereabouts import Server, Where, client_of, daemon_of
from reconciler.model.errors import RefusedError, UnknownError, UnreachableError, UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class ReconcileWish:
    """How sources are to be looked at.

    Attributes:
        timeout_seconds: how long the daemon may take to answer.
        is_waiting: for the runs that it starts.
    """

    timeout_seconds: float = 60.0
    is_waiting: bool = False
    refresh_images: bool = False
    confirm_prune: bool = False
    drift: bool = False
    override: bool = False

    @property
    def body(self) -> Mapping[str, bool]:
        """As the API takes it."""
        return {
            "refresh_images": self.refresh_images,
            "confirm_prune": self.confirm_prune,
            "drift": self.drift,
            "override": self.override,
        }


def reconcile(sources: Sequence[str], where: Where, wish: ReconcileWish) -> int:
    """Ask the daemon, wait for its answers, and for its runs where asked; 1 where something is wrong.

    Args:
        sources: those that are to be looked at, none for all.
    """
    if isinstance(where, Server):
        return _elsewhere(sources, client_of(where), wish)
    return _here(sources, where, wish)


def _here(sources: Sequence[str], folder: StateFolder, wish: ReconcileWish) -> int:
    state = State(folder)
    try:
        daemon = daemon_of(state)
        if daemon is None:
            hint = "start one with `reconciler daemon --source …`, or reconcile once with `--once`"
            raise UsageError("no daemon runs on this state", place=str(folder.root), hint=hint)
        progress = Progress(state)
        chosen = _chosen(sources, state.settings.followed)
        are_good = _asked(daemon, chosen, wish)
        if not wish.is_waiting or not any(are_good):
            return 0 if all(are_good) else 1
        progress.follow(lambda: not any(_is_of(run, chosen) for run in state.runs.running()))
        started = [run for run in progress.runs() if _is_of(run, chosen)]
        for run in started:
            show_run(state, run)
        return 0 if all(are_good) and all(run.status.is_good for run in started) else 1
    finally:
        state.close()


def _elsewhere(sources: Sequence[str], daemon: DaemonClient, wish: ReconcileWish) -> int:
    progress = RemoteProgress(daemon)
    over = progress.over() if wish.is_waiting else ()
    chosen = _chosen(sources, [each["name"] for each in daemon.get("sources")])
    are_good = _asked(daemon, chosen, wish)
    is_well = not wish.is_waiting or not any(are_good) or progress.follow_sources(chosen, over)
    return 0 if all(are_good) and is_well else 1


def _chosen(sources: Sequence[str], followed: Sequence[str]) -> Sequence[str]:
    """The sources that are to be asked.

    Raises:
        UsageError: one of them is not followed, or none is.
    """
    for source in sources:
        if source not in followed:
            hint = did_you_mean(source, followed, f"there are: {', '.join(followed) or 'none'}")
            raise UnknownError(f"no source `{source}` is followed", hint=hint)
    if not followed:
        raise UsageError("the daemon follows no source yet", hint="wait a little; see `reconciler get sources`")
    return list(dict.fromkeys(sources)) or followed


def _is_of(run: Run, sources: Sequence[str]) -> bool:
    return run.source in sources and run.source != LOCAL_SOURCE


def _asked(daemon: DaemonClient, sources: Sequence[str], wish: ReconcileWish) -> list[bool]:
    """Ask for all of them at once, say what came of each in their order, and return which came to something good."""
    told = [_later(lambda source=source: _look(daemon, source, wish)) for source in sources]  # type: ignore[misc]
    return [_show(came.get(), source if len(sources) > 1 else "") for source, came in zip(sources, told, strict=True)]


def _later(ask: Callable[[], Any]) -> SimpleQueue[Any]:
    told: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=lambda: told.put(ask()), daemon=True).start()
    return told


def _look(daemon: DaemonClient, source: str, wish: ReconcileWish) -> Any:
    try:
        return daemon.post("reconcile", source, wish=wish.body, timeout_seconds=wish.timeout_seconds)
    except (RefusedError, UnreachableError) as error:
        return error


def _show(came: Any, source: str) -> bool:
    """Say what came of it; False where it came to nothing good."""
    named = f"{source}: " if source else ""
    if isinstance(came, RefusedError):
        refused = "refused: " if came.status == _CONFLICT else ""
        complain(f"{named}{refused}{came.message}")
        return False
    if isinstance(came, UnreachableError):
        complain(f"{named}{came}")
        return False
    message = came["message"]
    say(harmless(f"{named}reconciled{f' {message}' if message else '; the source has no revision yet'}"))
    return True


_CONFLICT = 409
