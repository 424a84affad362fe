"""What of a source is held still, as the state says at the moment."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.manifests import Kind
from reconciler.model.schedules import Schedule
from reconciler.model.steps import Graph
from reconciler.model.suspensions import IN_GIT, SOURCE, Suspension
from reconciler.state.suspensions import Suspensions


class Holds:
    """Holds of one source; they are read again with `look`."""

    def __init__(self, suspensions: Suspensions, source: str) -> None:
        self._suspensions = suspensions
        self._source = source
        self._held: dict[tuple[str, str], Suspension] = {}

    def look(self) -> bool:
        """Read what is held still now; True where that is something else than before."""
        found = {(each.kind, each.name): each for each in self._suspensions.of(self._source)}
        is_other = found != self._held
        self._held = found
        return is_other

    @property
    def source(self) -> Suspension | None:
        """Why the source itself stands still, None where it does not."""
        return self._held.get((SOURCE, self._source))

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
