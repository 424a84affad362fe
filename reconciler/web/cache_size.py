"""The size of the store of outputs, measured now and then beside all else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from reconciler.state.outputs import size_of

KEPT_SECONDS = 600.0


class CacheSize:
    """A figure that may be ten minutes old, for measuring takes as long as there are files.

    Args:
        is_over: set when nobody needs it any more.
    """

    def __init__(
        self,
        folder: Path,
        is_over: threading.Event,
        measure: Callable[[Path], int] = size_of,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._folder = folder
        self._is_over = is_over
        self._measure = measure
        self._kept_seconds = kept_seconds
        self._measured = -kept_seconds
        self._bytes: int | None = None
        self._is_measuring = threading.Lock()

    @property
    def bytes(self) -> int | None:
        """What was measured last, None before the first time; has it measured anew where that is long ago."""
        if time.monotonic() - self._measured >= self._kept_seconds and self._is_measuring.acquire(blocking=False):
            threading.Thread(target=self._go, name="size of the cache", daemon=True).start()
        return self._bytes

    def _go(self) -> None:
        try:
            total = 0
            for folder in self._folder.iterdir():
                if self._is_over.is_set():
                    return
                total += self._size(folder)
            self._bytes, self._measured = total, time.monotonic()
        finally:
            self._is_measuring.release()

    def _size(self, folder: Path) -> int:
        try:
            return self._measure(folder)
        except OSError:  # something went while it was looked at
            return 0
