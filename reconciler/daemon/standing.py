"""How every resource of an applied revision stands, put together from all who know something of it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.daemon.conditions import resources_of
from reconciler.daemon.drifted import with_drift
from reconciler.daemon.orphans import orphans
from reconciler.daemon.planner import Loaded
from reconciler.daemon.schedules import SourceSchedules
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.starter import Starter
from reconciler.daemon.waiting_line import WaitingLine
from reconciler.model.drift import Drift
from reconciler.model.manifests import Kind
from reconciler.model.status import Resource
from reconciler.state.store import State


class Standing:
    """Says how the resources of one source stand."""

    def __init__(
        self,
        state: State,
        settings: SourceSettings,
        starter: Starter,
        schedules: SourceSchedules,
        line: WaitingLine,
    ) -> None:
        self._state = state
        self._settings = settings
        self._starter = starter
        self._schedules = schedules
        self._line = line

    def save(
        self,
        applied: Loaded,
        mutated: Mapping[tuple[Kind, str], str],
        findings: tuple[Drift, ...],
        now: float,
        only: frozenset[str] | None,
    ) -> None:
        """Say it in the state: of every resource, or only of pipelines of these names."""
        resources = self.of(applied, mutated, findings)
        if only is not None:
            resources = [each for each in resources if each.kind is Kind.PIPELINE and each.name in only]
        self._state.sources.save_resources(self._settings.name, resources, now)

    def of(
        self, applied: Loaded, mutated: Mapping[tuple[Kind, str], str], findings: tuple[Drift, ...]
    ) -> list[Resource]:
        """All of them.

        Args:
            mutated: what a newer revision, which is refused, does to versions of resources.
            findings: what differs with no new commit.
        """
        heals_itself = self._settings.upkeep.heals_itself
        unsupported = {
            graph.pipeline: "; ".join(f"job {name}: {why}" for name, why in graph.unsupported)
            for graph in applied.graphs
            if graph.unsupported
        }
        resources = resources_of(
            applied.desired,
            self._state,
            self._settings.name,
            self._starter.waiting,
            unsupported,
            self._schedules.conditions(applied.desired.schedules, applied.firings),
            mutated,
            self._starter.taken,
            self._starter.frozen,
            {name: pinned.trouble for name, pinned in self._starter.pinned.items() if pinned.trouble},
            self._starter.retries,
            self._line.told(self._starter.frozen),
            heals_itself,
        )
        resources = with_drift(resources, findings, heals_itself)
        return [*resources, *orphans(self._state.sources, self._settings.name, applied.desired)]
