"""A followed repository whose every step has succeeded, without having executed any."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.repository import Repository
from reconciler.daemon.conditions import resources_of
from reconciler.daemon.planner import Planned, Planner
from reconciler.model.digests import digest_of
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.snapshot import Snapshot
from reconciler.model.status import ready
from reconciler.model.steps import Graph, StepSource, fingerprint_of
from reconciler.source.mirror import Mirror
from reconciler.state.folder import StateFolder
from reconciler.state.sources import SourceState
from reconciler.state.store import State

SOURCE = "main"


class Followed:
    """What the daemon holds in memory and on disk of one source."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.state = State(StateFolder(folder))
        self.mirror = Mirror(str(repository.origin), "main", self.state.folder.sources / "main.git")
        self.planner = Planner(self.state)
        self._snapshot: Snapshot | None = None

    def plan(self) -> Planned:
        """From the remote's newest commit to a plan, as the daemon does it."""
        commit = self.mirror.fetch(self.mirror.remote_head())
        self._snapshot = self.mirror.snapshot(commit or "", self._snapshot)
        return self.planner.plan(self._snapshot, self.mirror, SOURCE)

    def settle(self, planned: Planned, source: str = SOURCE) -> None:
        """Note a successful run of every pipeline, and the revision as applied."""
        state, revision = self.state, planned.desired.snapshot.revision
        with state.database.transaction():
            for graph in planned.graphs:
                self._succeeded(graph, revision, source)
            self.planner.keep_versions(planned, self.mirror, source)
            commit = planned.desired.snapshot.commit or ""
            applied = ready("Applied", "")
            state.sources.save(SourceState(source, "", "main", revision, commit, revision, commit, applied))
        state.sources.save_resources(source, resources_of(planned.desired, state, source, {}, {}, {}), time.time())

    def _succeeded(self, graph: Graph, revision: str, source: str) -> None:
        now = time.time()
        run = self.state.runs.start(
            Run("", graph.pipeline, source, revision, graph.closure, RunStatus.SUCCEEDED, "bench", now, now)
        )
        outputs: dict[str, dict[str, str]] = {}
        steps: list[tuple[StepRun, int]] = []
        for position, step in enumerate(graph.steps):
            inputs = {
                name: outputs[each.step][each.output] if isinstance(each, StepSource) else each.digest
                for name, each in step.sources
            }
            fingerprint = fingerprint_of(step.definition.digest, inputs)
            outputs[step.name] = {name: digest_of([fingerprint, name]) for name, _ in step.definition.outputs}
            definition = step.definition.digest
            self.state.results.save(Result(fingerprint, definition, outputs[step.name], run.id, step.name), now)
            ended = StepRun(
                run.id,
                step.name,
                status=StepStatus.SUCCEEDED,
                fingerprint=fingerprint,
                definition=definition,
                inputs=inputs,
                outputs=outputs[step.name],
            )
            steps.append((ended, position))
        self.state.runs.save_steps(steps)
        self.state.runs.save_definitions(step.definition for step in graph.steps)

    def close(self) -> None:
        self.mirror.close()
        self.state.close()
