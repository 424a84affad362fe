"""Watching the state: a look at it now, and another one whenever somebody has written to it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from reconciler.cli.output import Format, escaped, hand_over
from reconciler.model.errors import UsageError
from reconciler.model.strict_json import strict_json


class Watched(Protocol):
    """What is watched: a state, or a daemon elsewhere."""

    look_seconds: float

    def version(self) -> object:
        """Another value once something may have changed."""


def _nothing() -> None:
    return


def watch(
    reads: Watched,
    look: Callable[[], None],
    is_over: Callable[[], bool] = lambda: False,
    each_time: Callable[[], None] = _nothing,
) -> None:
    """Look until it is over, somebody ends it with Ctrl-C, or nobody listens any more; each of them is a good end.

    Args:
        each_time: called whether the state was written to or not, and a last time once it is over.
    """
    seen: object = None
    with ending_well():
        while True:
            now = reads.version()
            if now != seen:
                seen = now
                look()
            is_last = is_over()
            each_time()
            if is_last:
                return
            time.sleep(reads.look_seconds)


@contextmanager
def ending_well() -> Iterator[None]:
    """What somebody ends with Ctrl-C, or by not listening any more, ends well."""
    try:
        yield
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        hand_over()


def check_form(form: Format) -> None:
    """Raises:
    UsageError: what has no end cannot be told like this.
    """
    if form is Format.YAML:
        raise UsageError(
            "what is watched is told as a table or as JSON", hint="use `-o json`: one line for each change"
        )


def tell(line: str) -> None:
    """Print a line at once.

    Raises:
        BrokenPipeError: the reader has gone away.
    """
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell_data(body: Any) -> None:
    """Print data as one line of JSON, at once.

    Raises:
        BrokenPipeError: the reader has gone away.
    """
    tell(escaped(strict_json(body)))
