"""A running daemon takes notice of what was written into its state."""

from __future__ import annotations

from reconciler.cli.output import complain
from reconciler.daemon.requests import Requests
from reconciler.state.store import State

_PATIENCE_SECONDS = 10.0


def tell_daemon(state: State, news: str) -> int:
    """Have a daemon that runs look at the state; what it is not told it finds at its next look."""
    if state.lock.owner() is None:
        return 0
    requests = Requests(state.folder.requests)
    if requests.wait(requests.ask(news=news), _PATIENCE_SECONDS) is None:
        complain("the daemon did not answer yet; it takes notice at its next look")
    return 0
