"""What happens meanwhile, handled one after another by the thread that carries a run out."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

T = TypeVar("T")
Handler = Callable[[], None]


class Events:
    """Threads post, one thread handles: what the handlers share needs no lock."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Handler] = queue.SimpleQueue()
        self._expected = 0

    def post(self, handler: Handler) -> None:
        """Have something handled; any thread may."""
        self._queue.put(handler)

    def expect(self) -> Callable[[Handler], None]:
        """Say that one more thing will happen; the handling thread does not end before the answer was called."""
        self._expected += 1

        def happened(handler: Handler) -> None:
            def handle() -> None:
                self._expected -= 1
                handler()

            self._queue.put(handle)

        return happened

    def when_done(self, future: Future[T], handler: Callable[[Future[T]], None]) -> None:
        """Expect a future, and handle it."""
        happened = self.expect()
        future.add_done_callback(lambda done: happened(partial(handler, done)))

    def handle_all(self, before_each: Handler) -> None:
        """Handle until nothing more is expected."""
        while self._expected or not self._queue.empty():
            before_each()
            self._queue.get()()
