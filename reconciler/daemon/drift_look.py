"""One look at what differs with no new commit: environments, outputs, and what MLflow has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.daemon.healing import mend_alias, mend_environment, mend_output
from reconciler.daemon.planner import Loaded
from reconciler.daemon.progress import Progress
from reconciler.execution.environment_pool import bare_spec
from reconciler.execution.site import Site
from reconciler.model.drift import Drift, DriftKind
from reconciler.model.errors import StepError, TrackingError
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.runs import Run, StepRun
from reconciler.model.steps import Graph
from reconciler.model.upkeep import Upkeep
from reconciler.planning.drift import GONE, Registry, lost_outputs, lost_runs, lost_versions, moved_aliases
from reconciler.state.environments import READY
from reconciler.state.outputs import digest_of_path
from reconciler.tracking.none import NoTracking

_OTHER_CONTENT = "of other content"
_OF_MLFLOW = (DriftKind.MLFLOW_RUN, DriftKind.MODEL_VERSION, DriftKind.ALIAS)


@dataclass(frozen=True, slots=True)
class _Current:
    """A pipeline with its current run, as it stood when it was looked at."""

    graph: Graph
    run: Run
    steps: dict[str, StepRun]


class DriftLook:
    """One look, in a thread of its own.

    Args:
        before: what the look before this one found.
        is_thorough: compare the content of every output, however lately that was done.
        progress: told each step, so that the look can be given up.

    Attributes:
        trouble: why MLflow could not be asked, "" where it could.
    """

    def __init__(
        self,
        site: Site,
        upkeep: Upkeep,
        applied: Loaded,
        before: Sequence[Drift],
        is_thorough: bool,
        progress: Progress,
    ) -> None:
        self._site = site
        self._upkeep = upkeep
        self._applied = applied
        self._before = before
        self._is_thorough = is_thorough
        self._progress = progress
        self.trouble = ""

    def found(self) -> list[Drift]:
        """What differs, schedules left out; what can be put right without a run is mended on the spot.

        Raises:
            GivenUpError: somebody gave the look up, and no further step of it may begin.
            ReconcilerError: it cannot be looked for.
        """
        recorded_later = self._site.state.waiting_records.pipelines()
        under_way = {run.pipeline for run in self._site.state.runs.running()} | recorded_later
        kept = [drift for drift in self._before if drift.run and drift.resource[1] in under_way]
        currents = [
            current
            for graph in self._applied.graphs
            if graph.pipeline not in under_way and (current := self._current(graph)) is not None
        ]
        return [
            *kept,
            *self._broken_environments(),
            *self._lost_outputs(currents),
            *self._lost_records(currents, is_alone=not under_way),
        ]

    def _current(self, graph: Graph) -> _Current | None:
        run = self._site.state.runs.current(graph.pipeline)
        return None if run is None else _Current(graph, run, self._site.state.runs.step_summaries(run.id))

    # --- environments ---

    def _broken_environments(self) -> list[Drift]:
        builder = self._site.environments.builder
        noted = {each.digest: each for each in self._site.state.environments.all(builder.engine)}
        manifests = {(kind_of(each), each.name) for each in self._applied.desired.with_released()}
        found = []
        for planned in self._applied.environments:
            if planned.digest not in noted or noted[planned.digest].status != READY:
                continue
            self._progress.at(f"looking at environment {planned.name}")
            why = builder.broken(bare_spec(planned))
            if not why:
                continue
            resource = (Kind.ENVIRONMENT, planned.name)
            is_manifest = resource in manifests
            name = planned.name if is_manifest else f"{planned.name} (of a job)"
            drift = Drift(DriftKind.ENVIRONMENT, name, "whole", f"broken: {why}", resource)
            found.append(drift)
            if self._upkeep.heals_itself:
                self._progress.at(f"mending environment {planned.name}")
                mend_environment(self._site, noted[planned.digest], bare_spec(planned))
        return found

    # --- outputs ---

    def _lost_outputs(self, currents: Sequence[_Current]) -> list[Drift]:
        digests = {digest for each in currents for step in each.steps.values() for digest in step.outputs.values()}
        lost = self._lost(digests)
        if not lost:
            return []
        found: list[Drift] = []
        for each in currents:
            fingerprints = {step.name: step.fingerprint for step in each.steps.values()}
            known = self._site.state.results.many(list(fingerprints.values()))
            with_result = frozenset(name for name, fingerprint in fingerprints.items() if fingerprint in known)
            found.extend(lost_outputs(each.graph, each.run, each.steps, lost, with_result))
        if self._upkeep.heals_itself:
            for digest, why in lost.items():
                self._progress.at(f"setting output {digest[:12]} aside")
                mend_output(self._site.state, digest, is_there=why != GONE)
        return found

    def _lost(self, digests: set[str]) -> dict[str, str]:
        """What became of contents that are not as they should be, by digest."""
        outputs, verified, now = self._site.state.outputs, self._site.state.verified, self._site.clock()
        self._progress.at("looking for outputs")
        lost = {digest: GONE for digest in digests if not outputs.has(digest)}
        there = digests - lost.keys()
        fresh = frozenset() if self._is_thorough else verified.since(there, now - self._upkeep.verify_seconds)
        for digest in sorted(there - fresh):
            self._progress.at(f"reading output {digest[:12]}")
            try:
                is_right = digest_of_path(outputs.path(digest)) == digest
            except StepError:
                is_right = False
            except OSError:
                continue  # it is being removed, or cannot be read at the moment
            if is_right:
                verified.note(digest, now)
            else:
                lost[digest] = _OTHER_CONTENT
        return lost

    # --- what MLflow has ---

    def _lost_records(self, currents: Sequence[_Current], is_alone: bool) -> list[Drift]:
        """Runs, versions and aliases; aliases only while no run may be moving them."""
        if type(self._site.tracking) is NoTracking or not currents:
            return []
        try:
            found = self._asked_of_mlflow(currents, is_alone)
        except TrackingError as error:
            self.trouble = f"MLflow cannot be asked: {error.message}"
            return [drift for drift in self._before if drift.kind in _OF_MLFLOW]
        self.trouble = ""
        return found

    def _asked_of_mlflow(self, currents: Sequence[_Current], is_alone: bool) -> list[Drift]:
        self._progress.at("asking MLflow")
        state, tracking = self._site.state, self._site.tracking
        noted = [
            run_id
            for each in currents
            for run_id in (each.run.mlflow_run_id, *(step.mlflow_run_id for step in each.steps.values()))
            if run_id
        ]
        gone = tracking.missing(list(dict.fromkeys(noted))).result() if noted else frozenset()
        models = {
            each.run.id: state.runs.models(each.run.id) for each in currents if each.run.mlflow_run_id not in gone
        }
        names = sorted({model.name for of_run in models.values() for model in of_run})
        registry = self._registry(names)
        found: list[Drift] = []
        for each in currents:
            found.extend(lost_runs(each.graph, each.run, each.steps.values(), gone))
            of_run = models.get(each.run.id, [])
            found.extend(lost_versions(each.graph, each.run, of_run, registry))
            for name in sorted({model.name for model in of_run}) if is_alone else ():
                moved = moved_aliases(each.graph, each.run, name, state.model_registry.aliases(name), registry)
                found.extend(drift for drift, _, _ in moved)
                if self._upkeep.heals_itself:
                    for _, alias, version in moved:
                        self._progress.at(f"putting alias {alias} of {name} back")
                        mend_alias(self._site, name, alias, version)
        return found

    def _registry(self, names: Sequence[str]) -> Registry:
        versions = self._site.tracking.versions_of(names).result() if names else ()
        numbers: dict[str, set[str]] = {}
        for version in versions:
            numbers.setdefault(version.name, set()).add(version.version)
        return Registry(
            {name: frozenset(found) for name, found in numbers.items()},
            {(each.name, alias): each.version for each in versions for alias in each.aliases},
        )
