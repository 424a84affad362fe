"""What verbs look at: the state itself, or what the daemon of another machine tells of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.cli.whereabouts import Server, Where, client_of
from reconciler.state.store import State

if TYPE_CHECKING:
    from reconciler.cli.daemon_client import DaemonClient

Body = dict[str, Any]


class Reads(Protocol):
    """Looks at what is known. Bodies are those of `-o json`.

    Each raises `UnknownError` or `RefusedError` where what is named is not there.
    """

    look_seconds: float
    """How long whoever watches waits between two looks."""

    def version(self) -> object:
        """Another value once something may have changed."""

    def resources(self, kind: str, name: str | None) -> list[Body]: ...

    def runs(self, chosen: str | None, limit: int) -> list[Body]:
        """The newest runs of a pipeline, or the one run of that id; of all where none is chosen."""

    def events(self, kind: str | None, name: str | None, since: float, limit: int) -> list[Body]: ...

    def described(self, kind: str, name: str, history: int) -> Body: ...

    def described_run(self, run_id: str) -> Body: ...

    def tree(self, target: str) -> Body: ...

    def trace(self, target: str) -> Body: ...

    def models(self, name: str | None) -> list[Body]: ...


@contextmanager
def reads_of(where: Where) -> Iterator[Reads]:
    """What there is to look at."""
    if isinstance(where, Server):
        yield ServerReads(client_of(where))
        return
    state = State(where)
    try:
        yield StateReads(state)
    finally:
        state.close()


class StateReads:
    """Looks at a state. What a verb needs alone is imported where it is asked for."""

    look_seconds = 0.2

    def __init__(self, state: State) -> None:
        self._state = state

    def version(self) -> object:
        return self._state.database.version()

    def resources(self, kind: str, name: str | None) -> list[Body]:
        from reconciler.cli.verbs_state import resources_json

        return resources_json(self._state, kind, name)

    def runs(self, chosen: str | None, limit: int) -> list[Body]:
        from reconciler.cli.verbs_state import runs_json

        return runs_json(self._state, chosen, limit)

    def events(
        self, kind: str | None, name: str | None, since: float, limit: int, source: str | None = None
    ) -> list[Body]:
        from reconciler.cli.verb_events import events_json

        return events_json(self._state, kind, name, since, limit, source)

    def described(self, kind: str, name: str, history: int) -> Body:
        from reconciler.cli.verb_describe import described

        return described(self._state, kind, name, history)

    def described_run(self, run_id: str) -> Body:
        from reconciler.cli.verb_describe import described_run

        return described_run(self._state, run_id)

    def tree(self, target: str) -> Body:
        from reconciler.cli.verb_tree import tree_json

        return tree_json(self._state, target)

    def trace(self, target: str) -> Body:
        from reconciler.cli.verb_trace import trace_json

        return trace_json(self._state, target)

    def models(self, name: str | None) -> list[Body]:
        from reconciler.cli.verb_models import models_json

        return models_json(self._state, name)


class ServerReads:
    """Asks a daemon elsewhere."""

    look_seconds = 2.0

    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon
        self._looks = count()

    def version(self) -> object:
        return next(self._looks)  # that nothing has changed is known to the daemon alone

    def resources(self, kind: str, name: str | None) -> list[Body]:
        return self._list("resources", kind=kind, name=name)

    def runs(self, chosen: str | None, limit: int) -> list[Body]:
        return self._list("runs", of=chosen, limit=min(limit, _MOST))

    def events(self, kind: str | None, name: str | None, since: float, limit: int) -> list[Body]:
        from reconciler.cli.contract import rfc3339

        moment = rfc3339(since) if since else None
        return self._list("events", kind=kind, name=name, since=moment, limit=min(limit, _MOST))

    def described(self, kind: str, name: str, history: int) -> Body:
        return self._one("resources", kind, name, history=min(history, _MOST))

    def described_run(self, run_id: str) -> Body:
        return self._one("runs", run_id, "description")

    def tree(self, target: str) -> Body:
        return self._one("tree", target)

    def trace(self, target: str) -> Body:
        return self._one("trace", target=target)

    def models(self, name: str | None) -> list[Body]:
        return self._list("models") if name is None else self._list("models", name)

    def _one(self, *path: str, **query: object) -> Body:
        found: Body = self._daemon.get(*path, **query)
        return found

    def _list(self, *path: str, **query: object) -> list[Body]:
        found: list[Body] = self._daemon.get(*path, **query)
        return found


_MOST = 1000
