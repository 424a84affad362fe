"""What differs with no new commit: looked for now and then, in a thread of its own that everything else goes before."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.daemon.healing import mend_alias, mend_environment, mend_output
from reconciler.daemon.planner import Loaded
from reconciler.daemon.schedules import SourceSchedules
from reconciler.execution.environment_pool import bare_spec
from reconciler.execution.site import Site
from reconciler.model.drift import Drift, DriftKind
from reconciler.model.errors import ReconcilerError, StepError, TrackingError
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.runs import Run, StepRun
from reconciler.model.steps import Graph
from reconciler.model.upkeep import Upkeep
from reconciler.planning.drift import GONE, Registry, lost_outputs, lost_runs, lost_versions, moved_aliases
from reconciler.state.environments import READY
from reconciler.state.outputs import digest_of_path
from reconciler.tracking.none import NoTracking

log = logging.getLogger("reconciler")
_LOWEST = 19  # nice
_AGAIN_SECONDS = 5.0
_OTHER_CONTENT = "of other content"


@dataclass(frozen=True, slots=True)
class _Current:
    """A pipeline with its current run, as it stood when it was looked at."""

    graph: Graph
    run: Run
    steps: dict[str, StepRun]


class DriftWatch:
    """Looks for drift in one source; what it finds is read, and what it has to do asked for, by one thread.

    What can be put right without a run is mended on the spot.

    Args:
        on_found: called in the thread of the look when something else is found than before.
    """

    def __init__(self, site: Site, upkeep: Upkeep, on_found: Callable[[], None]) -> None:
        self._site = site
        self._upkeep = upkeep
        self._on_found = on_found
        self._due = site.clock() + upkeep.drift_seconds
        self._is_thorough = False
        self._thread: threading.Thread | None = None
        self._is_stopping = False
        self.findings: tuple[Drift, ...] = ()
        self.trouble = ""  # why MLflow could not be asked

    @property
    def has_broken_environments(self) -> bool:
        return any(drift.kind is DriftKind.ENVIRONMENT for drift in self.findings)

    def next_due(self) -> float:
        """When the next look is due, seconds since the epoch."""
        return self._site.clock() + self._upkeep.drift_seconds if self._is_looking() else self._due

    def is_due(self) -> bool:
        """Whether it is time to look, or a run has mended something since the last look."""
        if self._is_looking():
            return False
        return self._site.clock() >= self._due or self._has_other_runs()

    def ask(self) -> None:
        """Look at the next opportunity, and at the content of every output."""
        self._due = self._site.clock()
        self._is_thorough = True

    def look(self, applied: Loaded, schedules: SourceSchedules) -> None:
        """Begin to look; what comes of it is told by `on_found`."""
        self._due = self._site.clock() + self._upkeep.drift_seconds
        is_thorough, self._is_thorough = self._is_thorough, False
        missing = self._missing_schedules(schedules)
        work = threading.Thread(target=self._look, args=(applied, is_thorough, missing), name="drift", daemon=True)
        self._thread = work
        work.start()

    def stop(self, patience_seconds: float) -> None:
        """Begin nothing more, and wait a while for the end of a look."""
        self._is_stopping = True
        self.wait(patience_seconds)

    def wait(self, timeout: float | None = None) -> None:
        if self._thread is not None:
            self._thread.join(timeout)

    def _is_looking(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _missing_schedules(self, schedules: SourceSchedules) -> list[Drift]:
        missing = schedules.missing()
        if missing and self._upkeep.heals_itself:
            schedules.put_back(missing)
        return [
            Drift(DriftKind.SCHEDULE, name, "in the state", "missing from it", (Kind.SCHEDULE, name))
            for name in missing
        ]

    def _has_other_runs(self) -> bool:
        """Whether a pipeline that something was found of has another current run by now."""
        for drift in self.findings:
            if drift.run:
                current = self._site.state.runs.current(drift.resource[1])
                if current is not None and current.id != drift.run:
                    return True
        return False

    def _look(self, applied: Loaded, is_thorough: bool, of_schedules: Sequence[Drift]) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
        before, trouble = self.findings, self.trouble
        try:
            self.findings = (*of_schedules, *self._found(applied, is_thorough))
        except ReconcilerError as error:
            log.warning("cannot look for drift: %s", error)
        except Exception:  # a fault of ours must not end the daemon; one that stops has let go of things
            if not self._is_stopping:
                log.exception("the look for drift broke off")
        if self._upkeep.heals_itself and any(drift.can_be_mended and not drift.needs_run for drift in self.findings):
            self._due = min(self._due, self._site.clock() + _AGAIN_SECONDS)  # it is mended; see that it stays so
        for drift in self.findings:
            if drift not in before:
                log.warning("%s %s has drifted: %s", *drift.resource, drift.told)
        if (self.findings, self.trouble) != (before, trouble) and not self._is_stopping:
            self._on_found()

    def _found(self, applied: Loaded, is_thorough: bool) -> list[Drift]:
        under_way = {run.pipeline for run in self._site.state.runs.running()}
        kept = [drift for drift in self.findings if drift.run and drift.resource[1] in under_way]
        currents = [
            current
            for graph in applied.graphs
            if graph.pipeline not in under_way and (current := self._current(graph)) is not None
        ]
        return [
            *kept,
            *self._broken_environments(applied),
            *self._lost_outputs(currents, is_thorough),
            *self._lost_records(currents, is_alone=not under_way),
        ]

    def _current(self, graph: Graph) -> _Current | None:
        run = self._site.state.runs.current(graph.pipeline)
        return None if run is None else _Current(graph, run, self._site.state.runs.step_summaries(run.id))

    # --- environments ---

    def _broken_environments(self, applied: Loaded) -> list[Drift]:
        builder = self._site.environments.builder
        noted = {each.digest: each for each in self._site.state.environments.all(builder.engine)}
        manifests = {(kind_of(each), each.name) for each in applied.desired.with_released()}
        found = []
        for planned in applied.environments:
            if self._is_stopping or planned.digest not in noted or noted[planned.digest].status != READY:
                continue
            why = builder.broken(bare_spec(planned))
            if not why:
                continue
            resource = (Kind.ENVIRONMENT, planned.name)
            is_manifest = resource in manifests
            name = planned.name if is_manifest else f"{planned.name} (of a job)"
            drift = Drift(DriftKind.ENVIRONMENT, name, "whole", f"broken: {why}", resource)
            found.append(drift)
            if self._upkeep.heals_itself:
                mend_environment(self._site, noted[planned.digest], bare_spec(planned))
        return found

    # --- outputs ---

    def _lost_outputs(self, currents: Sequence[_Current], is_thorough: bool) -> list[Drift]:
        digests = {digest for each in currents for step in each.steps.values() for digest in step.outputs.values()}
        lost = self._lost(digests, is_thorough)
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
                mend_output(self._site.state, digest, is_there=why != GONE)
        return found

    def _lost(self, digests: set[str], is_thorough: bool) -> dict[str, str]:
        """What became of contents that are not as they should be, by digest."""
        outputs, verified, now = self._site.state.outputs, self._site.state.verified, self._site.clock()
        lost = {digest: GONE for digest in digests if not outputs.has(digest)}
        there = digests - lost.keys()
        fresh = frozenset() if is_thorough else verified.since(there, now - self._upkeep.verify_seconds)
        for digest in sorted(there - fresh):
            if self._is_stopping:
                break
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
            return [drift for drift in self.findings if drift.kind in _OF_MLFLOW]
        self.trouble = ""
        return found

    def _asked_of_mlflow(self, currents: Sequence[_Current], is_alone: bool) -> list[Drift]:
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


_OF_MLFLOW = (DriftKind.MLFLOW_RUN, DriftKind.MODEL_VERSION, DriftKind.ALIAS)
