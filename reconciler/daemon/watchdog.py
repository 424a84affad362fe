"""Ends what hangs: the loop of a source that takes too long is given up, and another one takes its place."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping

from reconciler.daemon.source_loop import SourceLoop
from reconciler.daemon.source_record import record_of
from reconciler.model.status import stalled
from reconciler.state.store import State

log = logging.getLogger("reconciler")
MOST_GIVEN_UP = 3
SUPERSEDING_SECONDS = 60.0
_SHORTEST_SECONDS = 0.1


class Watchdog:
    """Looks at the loops now and then; called by one thread alone.

    A loop is given up once a turn takes longer than its deadline. It is too where something new came meanwhile, and it
    has been busy for a minute: what it is stuck at may be what that mends. A loop that has not ended a turn yet is
    given its full time, so that one which is merely slow is not begun anew for ever.

    Args:
        loops: those of the sources that are followed at the moment, by name.
        begin_anew: puts another loop in the place of one that was given up.
    """

    def __init__(
        self,
        state: State,
        loops: Mapping[str, SourceLoop],
        begin_anew: Callable[[SourceLoop], None],
        superseding_seconds: float = SUPERSEDING_SECONDS,
    ) -> None:
        self._state = state
        self._loops = loops
        self._begin_anew = begin_anew
        self._superseding_seconds = superseding_seconds
        self._given_up: dict[str, list[SourceLoop]] = {}

    def look(self) -> None:
        """Give up what hangs. Where several of a source do not come back, the next is left to who watches over us."""
        for loop in list(self._loops.values()):
            seconds = loop.seconds_in_turn()
            if seconds is None or seconds <= self._most_seconds(loop):
                continue
            left = [each for each in self._given_up.get(loop.name, ()) if not each.is_over(0)]
            if len(left) < MOST_GIVEN_UP:
                self._given_up[loop.name] = [*left, loop]
                self._give_up(loop, seconds)

    def wait_seconds(self, most: float) -> float:
        """How long may pass until `look` is called again."""
        left = [self._most_seconds(loop) - (loop.seconds_in_turn() or 0.0) for loop in list(self._loops.values())]
        return min([most, *(max(_SHORTEST_SECONDS, each) for each in left)])

    def _most_seconds(self, loop: SourceLoop) -> float:
        if loop.has_ended_a_turn and loop.has_news:
            return min(self._superseding_seconds, loop.deadline_seconds)
        return loop.deadline_seconds

    def _give_up(self, loop: SourceLoop, seconds: float) -> None:
        step = loop.give_up()
        if seconds == math.inf:
            told = f"its thread ended at {step.what}"
        else:
            told = f"hung at {step.what} for {step.seconds:.0f} seconds"
        log.error("source %s %s; it is begun anew", loop.name, told)
        record_of(loop.settings, self._state, loop.clock).away(stalled("Hung", f"{told}; it is begun anew"))
        loop.answer_for_turn(told)
        self._begin_anew(loop)
