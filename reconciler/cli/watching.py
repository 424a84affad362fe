"""Watching the state: a look at it now, and another one whenever somebody has written to it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from reconciler.cli.output import Format, escaped, hand_over
from reconciler.model.errors import UsageError
from reconciler.state.store import State

LOOK_SECONDS = 0.2


def _nothing() -> None:
    return


def watch(
    state: State,
    look: Callable[[], None],
    is_over: Callable[[], bool] = lambda: False,
    each_time: Callable[[], None] = _nothing,
) -> None:
    """Look until it is over, somebody ends it with Ctrl-C, or nobody listens any more; each of them is a good end.

    Args:
        each_time: called whether the state was written to or not, and a last time once it is over.
    """
    seen: int | None = None
    try:
        while True:
            now = state.database.version()
            if now != seen:
                seen = now
                look()
            is_last = is_over()
            each_time()
            if is_last:
                return
            time.sleep(LOOK_SECONDS)
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
    tell(escaped(json.dumps(body, ensure_ascii=False)))
