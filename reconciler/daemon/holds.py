"""What of a source is held still or at an earlier revision, as the state says at the moment."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.manifests import Kind
from reconciler.model.pins import Pin
from reconciler.model.schedules import Schedule
from reconciler.model.steps import Graph
from reconciler.model.suspensions import IN_GIT, SOURCE, Suspension
from reconciler.state.store import State


class Holds:
    """Holds of one source; they are read again with `look`."""

    def __init__(self, state: State, source: str) -> None:
        self._state = state
        self._source = source
        self._held: dict[tuple[str, str], Suspension] = {}
        self._pins: dict[tuple[str, str], Pin] = {}

    def look(self) -> bool:
        """Read what is held still or pinned now; True where that is something else than before."""
        held = {(each.kind, each.name): each for each in self._state.suspensions.of(self._source)}
        pins = {(each.kind, each.name): each for each in self._state.pins.of(self._source)}
        is_other = (held, pins) != (self._held, self._pins)
        self._held, self._pins = held, pins
        return is_other

    @property
    def source(self) -> Suspension | None:
        """Why the source itself stands still, None where it does not."""
        return self._held.get((SOURCE, self._source))

    @property
    def pin(self) -> Pin | None:
        """The revision that the source itself stays at, None where it goes with what is followed."""
        return self._pins.get((SOURCE, self._source))

    @property
    def pins(self) -> list[Pin]:
        """Those of pipelines."""
        return [pin for pin in self._pins.values() if pin.kind == Kind.PIPELINE]

    @property
    def pipelines(self) -> dict[str, str]:
        """Why pipelines are held still by hand, by name."""
        return {name: each.told for (kind, name), each in self._held.items() if kind == Kind.PIPELINE}

    def why(self, graph: Graph, pipeline: str) -> str:
        """Why no run of a pipeline starts, "" where nothing is against it.

        Args:
            pipeline: the one that the graph is of; runs of a schedule's own go by other names.
        """
        suspension = self._held.get((Kind.PIPELINE, pipeline))
        return suspension.told if suspension else IN_GIT if graph.is_suspended else ""

    def schedules(self, schedules: Iterable[Schedule]) -> frozenset[str]:
        """The names of those that do not fire."""
        return frozenset(
            each.name for each in schedules if each.is_suspended or (Kind.SCHEDULE, each.name) in self._held
        )
