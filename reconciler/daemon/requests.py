"""What people ask of a running daemon: asked in one thread, answered in others."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from reconciler.model.asked_runs import AskedRun
from reconciler.model.previews import AskedPreview

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `cancel` is the run to be ended, "" where a reconciliation is asked for.

    Attributes:
        name: unlike that of any other request.
        refresh_images: names of images are to be resolved anew first.
        confirm_prune: a revision may take away as much as it does.
        drift: what differs with no new commit is to be looked for.
        news: what somebody changed in the state, such as `resume`; no failed pipeline is tried again for it.
        run: the run that is asked for.
        source: the one that is meant, "" for all.
        override: what is frozen is to start too.
        preview: the pull request that is to be run before it is merged.
        closed: the number of one whose preview is over, 0 for none.
    """

    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    cancel: str = ""
    refresh_images: bool = False
    confirm_prune: bool = False
    drift: bool = False
    news: str = ""
    run: AskedRun | None = None
    source: str = ""
    override: bool = False
    preview: AskedPreview | None = None
    closed: int = 0

    @property
    def is_act(self) -> bool:
        """Whether something is to be done beside reconciling, with an answer of its own."""
        return self.run is not None or self.preview is not None or bool(self.closed)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    Attributes:
        run: the run that it started, "" where it started none.
        late: the sources that are busy with something else, and see to it after that.
    """

    is_good: bool
    message: str
    run: str = ""
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer came in time; `sources` are those that were waited for."""

    sources: tuple[str, ...]

    @property
    def told(self) -> str:
        """Who does not answer, as it stands in a sentence."""
        if not self.sources:
            return "the daemon does"
        names = ", ".join(self.sources)
        return f"source {names} does" if len(self.sources) == 1 else f"the sources {names} do"


@dataclass(slots=True)
class _Open:
    """A request that somebody waits for."""

    request: Request
    is_answered: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    awaited: tuple[str, ...] = ()


class Requests:
    """What is asked and not answered yet. Any thread may ask, look and answer.

    Args:
        wake: called when something is asked.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._open: dict[str, _Open] = {}

    def ask(
        self, request: Request, timeout_seconds: float, is_given_up: Callable[[], bool] = lambda: False
    ) -> Answer | Silence:
        """Ask and wait for the answer; where none comes in time, or it is given up, the request is taken back."""
        if request.run is not None and not request.run.request:
            request = replace(request, run=replace(request.run, request=request.name))
        waiting = _Open(request)
        with self._lock:
            self._open[request.name] = waiting
        self._wake()
        deadline = time.monotonic() + timeout_seconds
        while not waiting.is_answered.is_set() and not is_given_up():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            waiting.is_answered.wait(min(left, _LOOK_SECONDS))
        with self._lock:
            self._open.pop(request.name, None)
            return waiting.answer or Silence(waiting.awaited)

    def pending(self) -> list[Request]:
        """What is asked, in the order in which it was."""
        with self._lock:
            return [waiting.request for waiting in self._open.values() if waiting.answer is None]

    def wait_for(self, name: str, sources: Collection[str]) -> None:
        """Note whose answers a request still waits for."""
        with self._lock:
            if name in self._open:
                self._open[name].awaited = tuple(sorted(sources))

    def answer(self, name: str, answer: Answer) -> None:
        """Answer, unless nobody waits any more."""
        with self._lock:
            waiting = self._open.get(name)
            if waiting is None or waiting.answer is not None:
                return
            waiting.answer = answer
            waiting.is_answered.set()
