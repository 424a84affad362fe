"""What every answer is made from, handed to those that make them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from reconciler.model.http import HttpSettings
from reconciler.state.store import State
from reconciler.web.deliveries import Deliveries
from reconciler.web.loops import Loops
from reconciler.web.turns import Turns


@dataclass(slots=True)
class Place:
    """One server's state and surroundings.

    Attributes:
        state: opened for the server alone, so that those who read never keep the daemon waiting.
        settings: replaced as a whole when the configuration is read again.
        is_over: set when the server is to end.
        streams: how many more may listen to events at once.
    """

    state: State
    loops: Loops
    turns: Turns
    settings: HttpSettings
    deliveries: Deliveries = field(default_factory=Deliveries)
    is_over: threading.Event = field(default_factory=threading.Event)
    streams: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(32))
    clock: Callable[[], float] = time.time


def _place(request: Request) -> Place:
    found: Place = request.app.state.place
    return found


PlaceOf = Annotated[Place, Depends(_place)]
