"""Which source a pipeline belongs to: runs are numbered and found by the name of their pipeline alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from reconciler.model.manifests import Kind
from reconciler.model.status import Condition
from reconciler.state.store import State

NAME_TAKEN = "NameTaken"


class PipelineNames:
    """Gives each name to one source: to the one that had it before, else to the first that asks."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._holders: dict[str, str] = {}
        self._listeners: dict[str, Callable[[], None]] = {}
        self._refused: set[str] = set()

    def recall(self, sources: Iterable[str]) -> None:
        """Leave to these sources what they had when the process before ended; who is gone has nothing."""
        followed = set(sources)
        for run in self._state.runs.running():
            if run.source in followed:
                self._holders.setdefault(run.pipeline, run.source)
        for resource in self._state.sources.resources():
            is_pipeline = resource.kind == Kind.PIPELINE and not _is_refused(resource.conditions)
            if is_pipeline and resource.source in followed:
                self._holders.setdefault(resource.name, resource.source)

    def listen(self, source: str, on_change: Callable[[], None]) -> None:
        """Have a source told, in another one's thread, when a name that it was refused may be free."""
        with self._lock:
            self._listeners[source] = on_change

    def claim(self, source: str, names: Iterable[str]) -> dict[str, str]:
        """Have these names, and no others any more; those that another source has come back with it."""
        wanted = set(names)
        with self._lock:
            left = {name for name, holder in self._holders.items() if holder == source} - wanted
            taken = {name: holder for name in wanted if (holder := self._holder(name, source)) != source}
            self._holders.update(dict.fromkeys(wanted - taken.keys(), source))
            for name in left - self._running(source) if left else ():
                del self._holders[name]
            (self._refused.add if taken else self._refused.discard)(source)
        if left:
            self.tell()
        return taken

    def holder(self, name: str) -> str | None:
        """Who has a name, None where nobody does."""
        with self._lock:
            return self._holders.get(name)

    def release(self, source: str, listener: Callable[[], None]) -> None:
        """Let go of all that a source has, but for what is still running; nothing where another one listens for it."""
        with self._lock:
            if self._listeners.get(source) != listener:
                return
            del self._listeners[source]
        self.claim(source, ())

    def tell(self) -> None:
        """Have those look again that were refused a name: one that ran on may have come to its end."""
        with self._lock:
            listeners = [self._listeners[source] for source in self._refused if source in self._listeners]
        for listener in listeners:
            listener()

    def _holder(self, name: str, source: str) -> str:
        """Who has a name; one that left it to its last run has it no more once that is over."""
        holder = self._holders.get(name, source)
        if holder == source or holder in self._listeners or name in self._running(holder):
            return holder
        return source

    def _running(self, source: str) -> set[str]:
        return {run.pipeline for run in self._state.runs.running() if run.source == source}


def _is_refused(conditions: Iterable[Condition]) -> bool:
    return any(condition.reason == NAME_TAKEN for condition in conditions)
