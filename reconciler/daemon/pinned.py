"""Pipelines that are held at an earlier revision: what they were then, to the last reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.pins import Pin
from reconciler.model.steps import Graph
from reconciler.source.mirror import Mirror


@dataclass(frozen=True, slots=True)
class PinnedPipeline:
    """A pipeline as its pin says; `trouble` says why there is none, "" where there is one."""

    pin: Pin
    desired: Desired | None = None
    graph: Graph | None = None
    trouble: str = ""


class PinnedPipelines:
    """What pins mean; each is read once."""

    def __init__(self, site: Site, settings: SourceSettings, mirror: Mirror) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror
        self._read: dict[str, PinnedPipeline] = {}

    def of(self, pins: Iterable[Pin]) -> dict[str, PinnedPipeline]:
        """The pinned pipelines by name."""
        found: dict[str, PinnedPipeline] = {}
        for pin in pins:
            known = self._read.get(pin.name)
            found[pin.name] = known if known is not None and known.pin == pin else self._pinned(pin)
        self._read = found
        return found

    def _pinned(self, pin: Pin) -> PinnedPipeline:
        try:
            desired = self._desired(pin)
        except ReconcilerError as error:
            return PinnedPipeline(pin, trouble=f"{pin.revision} cannot be read any more: {error}")
        graph = next((each for each in self._planner().graphs(desired) if each.pipeline == pin.name), None)
        if graph is None:
            return PinnedPipeline(pin, desired, trouble=f"{pin.revision} does not hold it without problems any more")
        return PinnedPipeline(pin, desired, graph)

    def _desired(self, pin: Pin) -> Desired:
        """The revision, with references as the run resolved them that is to be put back."""
        run = self._site.state.runs.get(pin.run) if pin.run else None
        return self._planner().load(self._mirror.snapshot(pin.commit), self._mirror.applied, run.lock if run else ())

    def _planner(self) -> Planner:
        site = self._site
        roots, folder = self._settings.data_roots, self._settings.folder
        return Planner(site.state, roots, site.base_images, site.remote_data, folder)


def with_pinned(applied: Loaded, pinned: Mapping[str, PinnedPipeline]) -> Loaded:
    """A revision with the graphs of pinned pipelines as their pins say; what holds them still is as it is now."""
    if not pinned:
        return applied
    graphs = []
    for graph in applied.graphs:
        known = pinned.get(graph.pipeline)
        if known is None:
            graphs.append(graph)
        elif known.graph is not None:
            graphs.append(replace(known.graph, is_suspended=graph.is_suspended, on_new_revision=graph.on_new_revision))
    return replace(applied, graphs=graphs)
