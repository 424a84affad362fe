"""`suspend` and `resume`: hold a source, a pipeline or a schedule still, and let go of it."""

from __future__ import annotations

import time

from reconciler.cli.act_told import ActTold
from reconciler.cli.holding import hold, let_go
from reconciler.cli.person import caller
from reconciler.cli.whereabouts import Where, act
from reconciler.state.store import State


def suspend(kind: str, name: str, source: str | None, reason: str, where: Where) -> int:
    """Hold something still.

    Raises:
        UsageError: there is no such thing, or several, or it is of a kind that nothing starts.
    """

    def directly(state: State) -> ActTold:
        return hold(state, kind, name, source, reason, caller(), time.time())

    return act(where, ("suspend", kind, name), {"reason": reason, "source": source}, directly)


def resume(kind: str, name: str, source: str | None, where: Where) -> int:
    """Let go of something; 1 where it is its manifest that holds it.

    Raises:
        UsageError: there is no such thing, or several.
    """

    def directly(state: State) -> ActTold:
        return let_go(state, kind, name, source, caller(), time.time())

    return act(where, ("resume", kind, name), {"source": source}, directly)
