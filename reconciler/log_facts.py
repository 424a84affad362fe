"""What a line of the log is about: source, revision, pipeline, run, step. Noted by those who know it, for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_facts: ContextVar[Mapping[str, str] | None] = ContextVar("facts", default=None)


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """All that is logged inside is about this too; a thread that is started inside begins with none of it."""
    before = _facts.set({**noted(), **{name: fact for name, fact in facts.items() if fact}})
    try:
        yield
    finally:
        _facts.reset(before)


def note(**facts: str) -> None:
    """All that this thread logs from here on is about this too, until the block ends; outside of one, for no while."""
    before = _facts.get()
    if before is not None:
        _facts.set({**before, **{name: fact for name, fact in facts.items() if fact}})


def noted() -> Mapping[str, str]:
    return _facts.get() or {}
