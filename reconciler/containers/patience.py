"""An engine that is being restarted is away for moments."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from reconciler.model.errors import EngineGoneError

T = TypeVar("T")
_SECONDS, _LOOK_SECONDS = 30.0, 0.2


def patiently(action: Callable[[], T], seconds: float = _SECONDS) -> T:
    """Do something on an engine, again and again as long as it is away.

    Raises:
        EngineGoneError: it is still away after so many seconds.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except EngineGoneError:
            if time.monotonic() >= end:
                raise
            time.sleep(_LOOK_SECONDS)
