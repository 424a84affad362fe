"""Futures that know whether anyone has looked at how they failed."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class WatchedFuture(Future[T]):
    """A future.

    Attributes:
        seen: its failure was handed to somebody.
    """

    seen: bool = False

    def result(self, timeout: float | None = None) -> T:
        self.exception(timeout)
        return super().result()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        error = super().exception(timeout)
        self.seen = True
        return error
