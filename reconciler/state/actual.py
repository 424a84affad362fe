"""The actual state as planning needs it, read from the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.manifests import Kind
from reconciler.model.pins import Pin
from reconciler.model.plan import Actual, ReleasedVersion
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.model.steps import Graph
from reconciler.model.suspensions import SOURCE, Suspension
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State

VersionKey = tuple[Kind, str, str]


class ActualReader:
    """Reads actual states; what belongs to a run that is over is read once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._versions: dict[str | None, tuple[int, dict[VersionKey, ReleasedVersion]]] = {}
        self._steps: dict[str, tuple[str, Mapping[str, StepRun]]] = {}

    def read(self, source: str, graphs: Iterable[Graph], is_forced: bool = False) -> Actual:
        """The actual state of a source, as far as these graphs are concerned.

        Steps and results are read of those graphs alone that may have to run, with `is_forced` of all. A run that ends
        meanwhile either counts as ended everywhere or nowhere.
        """
        with self._state.database.snapshot():
            return self._read(source, list(graphs), is_forced)

    def _read(self, source: str, wanted: list[Graph], is_forced: bool) -> Actual:
        kept = self._state.sources.get(source)
        runs = {graph.pipeline: self._state.runs.current(graph.pipeline) for graph in wanted}
        current = {name: run for name, run in runs.items() if run is not None}
        succeeded: dict[str, dict[str, str]] = {}
        running: dict[str, frozenset[str]] = {}
        for graph in wanted:
            same = self._state.runs.with_closure(graph.pipeline, graph.closure)
            good = [run.restored_from or run.id for run in same if run.status.is_good]
            if good:
                succeeded[graph.pipeline] = {graph.closure: good[0]}
            if any(run.status is RunStatus.RUNNING for run in same):
                running[graph.pipeline] = frozenset({graph.closure})
        unsettled = [graph for graph in wanted if is_forced or not _is_settled(graph, current, succeeded)]
        current_steps = {
            graph.pipeline: self._steps_of(graph.pipeline, current[graph.pipeline])
            for graph in unsettled
            if graph.pipeline in current
        }
        wanted_now = {step.definition.digest for graph in unsettled for step in graph.steps}
        used = {step.definition for steps in current_steps.values() for step in steps.values()}
        return Actual(
            revision=kept.applied_revision if kept else "",
            ready_environments=self._state.environments.ready(self._state.settings.engine_of(source)),
            results=self._state.results.of_definitions(wanted_now),
            current=current,
            current_steps=current_steps,
            definitions=self._state.runs.definitions(used - wanted_now),  # the same ones need no comparing
            succeeded=succeeded,
            running=running,
            versions=self._released(source),
            applied=self._state.sources.applied(source),
            held=self._held(source, wanted),
        )

    def _held(self, source: str, wanted: Iterable[Graph]) -> Mapping[str, str]:
        """Why pipelines start nothing that a newer revision asks for, by name."""
        still: list[Pin | Suspension] = [*self._state.pins.of(source)]
        still += self._state.suspensions.of(source)  # who suspends has the last word
        held = {graph.pipeline: each.told for graph in wanted for each in still if each.kind == SOURCE}
        return {**held, **{each.name: each.told for each in still if each.kind == Kind.PIPELINE}}

    def _released(self, source: str) -> Mapping[VersionKey, ReleasedVersion]:
        """The versions applied before of a source; only those that were added since the last reading are read.

        Every repository numbers its own versions. A work tree that may be of any of them knows them all.
        """
        of = None if source == LOCAL_SOURCE else source
        count, versions = self._versions.get(of, (0, {}))
        added = self._state.sources.versions(after=count, source=of)
        versions.update({(each.kind, each.name, each.version): each for each in added})
        self._versions[of] = (count + len(added), versions)
        return dict(versions)

    def _steps_of(self, pipeline: str, run: Run) -> Mapping[str, StepRun]:
        known = self._steps.get(pipeline)
        if known is None or known[0] != run.id:
            known = self._steps[pipeline] = (run.id, self._state.runs.step_summaries(run.id))
        return known[1]


def _is_settled(graph: Graph, current: Mapping[str, Run], succeeded: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether nothing is to be run, so that no result needs to be looked up."""
    run = current.get(graph.pipeline)
    return (run is not None and run.closure == graph.closure) or graph.closure in succeeded.get(graph.pipeline, {})
