"""Revision after revision: what is wanted, what there is, and the plan from one to the other."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reconciler.environments.base_images import BaseImages, with_bases
from reconciler.manifests.loader import Loader, located
from reconciler.model.desired import Desired
from reconciler.model.plan import Actual, Plan
from reconciler.model.snapshot import Snapshot
from reconciler.model.steps import EnvironmentSpec, Graph
from reconciler.planning.diff import plan
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.versions import VersionJudge
from reconciler.source.local_data import with_local_data
from reconciler.source.objects import Objects
from reconciler.state.actual import ActualReader
from reconciler.state.store import State


@dataclass(frozen=True)
class Loaded:
    """A revision with the graphs of its pipelines."""

    desired: Desired
    graphs: list[Graph]

    @cached_property
    def environments(self) -> tuple[EnvironmentSpec, ...]:
        """The environments that steps of this revision run in, each once."""
        return tuple(
            {step.environment.digest: step.environment for graph in self.graphs for step in graph.steps}.values()
        )


@dataclass(frozen=True)
class Planned(Loaded):
    """A revision, loaded and compared."""

    plan: Plan
    actual: Actual

    def loaded(self) -> Loaded:
        """What stays of it as long as it is applied."""
        return Loaded(self.desired, self.graphs)


class Planner:
    """Plans the revisions of one source; what did not change since the one before costs next to nothing.

    Args:
        data_roots: folders from which manifests may name data by absolute path.
        base_images: None where steps run on an engine without images.
    """

    def __init__(self, state: State, data_roots: Sequence[str] = (), base_images: BaseImages | None = None) -> None:
        self._state = state
        self._base_images = base_images
        self._data_roots = data_roots
        self._loader = Loader(state.documents)
        self._builder = GraphBuilder()
        self._judge = VersionJudge()
        self._actual = ActualReader(state)

    def plan(self, snapshot: Snapshot, objects: Objects, source: str) -> Planned:
        """Load a snapshot and compare it with the actual state of a source."""
        gc.disable()  # next to nothing is garbage here, and a collection walks through all that was loaded
        try:
            return self._plan(snapshot, objects, source)
        finally:
            gc.enable()

    def _plan(self, snapshot: Snapshot, objects: Objects, source: str) -> Planned:
        desired = self.load(snapshot, objects)
        graphs, found = self._builder.build(desired)
        actual = self._actual.read(source, graphs)
        made = plan(desired, graphs, found, actual, self._judge)
        return Planned(desired, graphs, replace(made, problems=located(made.problems, snapshot, objects)), actual)

    def load(self, snapshot: Snapshot, objects: Objects) -> Desired:
        loaded = self._loader.load(snapshot, objects)
        return with_bases(with_local_data(loaded, self._data_roots, self._state.documents), self._base_images, objects)

    def graphs(self, desired: Desired) -> list[Graph]:
        """The graphs of the pipelines that have no problems."""
        return self._builder.build(desired)[0]

    def actual(self, source: str, graphs: Iterable[Graph], is_forced: bool = False) -> Actual:
        return self._actual.read(source, graphs, is_forced)

    def keep_versions(self, planned: Planned) -> None:
        """Note what the versions of an applied revision mean from now on."""
        self._state.sources.save_versions(self._judge.fresh(planned.desired, planned.actual))
