"""Revision after revision: what is wanted, what there is, and the plan from one to the other."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reconciler.environments.base_images import BaseImages, with_bases
from reconciler.environments.interfaces import interfaces_of
from reconciler.execution.large_files import absent_large_files
from reconciler.manifests.loader import Loader, located
from reconciler.model.desired import Desired
from reconciler.model.plan import Actual, Plan
from reconciler.model.releases import Resolution
from reconciler.model.schedules import Schedule
from reconciler.model.snapshot import Snapshot
from reconciler.model.steps import EnvironmentSpec, Graph
from reconciler.planning.candidates import ANONYMOUS
from reconciler.planning.diff import plan
from reconciler.planning.firing import Firing, fire, firings, problems_of
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.needed_content import needed_content
from reconciler.planning.resolve import Registry
from reconciler.planning.versions import VersionJudge
from reconciler.registry.reading import ReleaseReader
from reconciler.schedules.firing_times import trigger_time
from reconciler.source.ignores import with_ignores
from reconciler.source.outside_data import with_outside_data
from reconciler.source.remote_data import RemoteStore
from reconciler.source.repository import Repository
from reconciler.state.actual import ActualReader
from reconciler.state.store import State


@dataclass(frozen=True)
class Loaded:
    """A revision with the graphs of its pipelines, and what its schedules would run, by file."""

    desired: Desired
    graphs: list[Graph]
    firings: Mapping[str, Firing]

    @cached_property
    def pipelines(self) -> frozenset[str]:
        """The names that its runs go by."""
        scheduled = (firing.graph for firing in self.firings.values() if firing.graph is not None)
        return frozenset(graph.pipeline for graph in (*self.graphs, *scheduled))

    @cached_property
    def environments(self) -> tuple[EnvironmentSpec, ...]:
        """The environments that steps of this revision run in, each once."""
        scheduled = (firing.graph for firing in self.firings.values() if firing.graph is not None)
        graphs = (*self.graphs, *scheduled)
        return tuple({step.environment.digest: step.environment for graph in graphs for step in graph.steps}.values())


@dataclass(frozen=True)
class Planned(Loaded):
    """A revision, loaded and compared."""

    plan: Plan
    actual: Actual

    def loaded(self) -> Loaded:
        """What stays of it as long as it is applied."""
        return Loaded(self.desired, self.graphs, self.firings)


class Planner:
    """Plans the revisions of one source; what did not change since the one before costs next to nothing.

    Args:
        data_roots: folders from which manifests may name data by absolute path.
        base_images: None where steps run on an engine without images.
        remote_data: None where URLs are not looked up.
        folder: only manifests below it count, "" for all.
    """

    def __init__(
        self,
        state: State,
        data_roots: Sequence[str] = (),
        base_images: BaseImages | None = None,
        remote_data: RemoteStore | None = None,
        folder: str = "",
    ) -> None:
        self._state = state
        self._base_images = base_images
        self._remote_data = remote_data
        self._data_roots = data_roots
        self._loader = Loader(state.documents, folder)
        self._releases = ReleaseReader(state.documents)
        self._builder = GraphBuilder()
        self._judge = VersionJudge()
        self._actual = ActualReader(state)

    def plan(self, snapshot: Snapshot, repository: Repository, source: str) -> Planned:
        """Load a snapshot and compare it with the actual state of a source; all that it needs is here then.

        Raises:
            SourceError: it is not, and the remote does not give it.
        """
        gc.disable()  # next to nothing is garbage here, and a collection walks through all that was loaded
        try:
            return self._plan(snapshot, repository, source)
        finally:
            gc.enable()

    def _plan(self, snapshot: Snapshot, repository: Repository, source: str) -> Planned:
        desired = self.load(snapshot, repository)
        graphs, found = self._builder.build(desired)
        actual = self._actual.read(source, graphs)
        scheduled = firings(desired)
        fired = [firing.graph for firing in scheduled.values() if firing.graph is not None]
        repository.objects.bring(needed_content(desired, (*graphs, *fired)))
        found.extend(absent_large_files(desired, (*graphs, *fired), repository.objects))
        interfaces = interfaces_of(self._judge.to_compare(desired, actual), desired, repository.objects)
        made = plan(desired, graphs, (*found, *problems_of(scheduled)), actual, self._judge, interfaces, scheduled)
        return Planned(
            desired,
            graphs,
            scheduled,
            replace(made, problems=located(made.problems, desired.snapshot, repository.objects)),
            actual,
        )

    def load(self, snapshot: Snapshot, repository: Repository, lock: Iterable[Resolution] = ()) -> Desired:
        """What a snapshot wants, with the releases that its references need.

        Args:
            lock: what references must be resolved to again.
        """
        objects = repository.objects
        loaded = replace(
            self._loader.load(snapshot, objects),
            registered=self._state.assets.all(),
            pinned={(each.kind, each.reference): each.version or ANONYMOUS for each in lock},
        )
        loaded = with_ignores(self._releases.load(loaded, repository.tags, objects), objects)
        known = with_outside_data(loaded, self._data_roots, self._state.documents, self._remote_data, objects)
        return with_bases(known, self._base_images, objects)

    def graphs(self, desired: Desired) -> list[Graph]:
        """The graphs of the pipelines that have no problems."""
        return self._builder.build(desired)[0]

    def actual(self, source: str, graphs: Iterable[Graph], is_forced: bool = False) -> Actual:
        return self._actual.read(source, graphs, is_forced)

    def fire(self, schedule: Schedule, desired: Desired, moment: float) -> Firing:
        """What a schedule runs that fires for a moment, with the references of the desired state as it is now."""
        return fire(schedule, Registry(desired), trigger_time(moment))

    def keep_versions(self, planned: Planned, repository: Repository, source: str) -> None:
        """Note what the versions of an applied revision of a source mean from now on."""
        desired, actual = planned.desired, planned.actual
        interfaces = interfaces_of(self._judge.to_keep(desired, actual), desired, repository.objects)
        self._state.sources.save_versions(self._judge.fresh(desired, actual, interfaces), source)
