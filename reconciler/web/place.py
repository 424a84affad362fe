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
        rouse_reviews: has the pull requests of a source looked at; False where they are not reviewed.
        is_over: set when the server is to end.
        streams: how many more may listen to what happens at once.
        asking: how many more may wait for the daemon at once, so that threads are left for those who look.
    """

    state: State
    loops: Loops
    turns: Turns
    settings: HttpSettings
    rouse_reviews: Callable[[str], bool] = lambda _: False
    deliveries: Deliveries = field(default_factory=Deliveries)
    is_over: threading.Event = field(default_factory=threading.Event)
    streams: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(32))
    asking: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(16))
    clock: Callable[[], float] = time.time


def _place(request: Request) -> Place:
    found: Place = request.app.state.place
    return found


PlaceOf = Annotated[Place, Depends(_place)]
