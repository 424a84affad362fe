"""Whether what a loop left behind is what Git says, and whether anything was done twice for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from reconciler.daemon.planner import Planned, Planner
from reconciler.model.plan import EnvironmentAction, PipelineAction
from reconciler.model.runs import Run, RunStatus, StepRun, StepStatus
from reconciler.model.status import ConditionType
from reconciler.planning.drift import needed_outputs
from reconciler.source.mirror import Mirror
from reconciler.state.history import APPLIED
from reconciler.state.outputs import digest_of_path
from reconciler.state.sources import SourceState
from reconciler.state.store import State

from .loop_process import SOURCE
from .loop_repository import LoopRepository, Pushed, Wanted

ALL = 10_000


class LoopChecks:
    """Looks at state and repository from the side, as another process would.

    Attributes:
        destroyed: how often an output of each content was taken away or spoilt.
    """

    def __init__(self, state: State, repository: LoopRepository) -> None:
        self._state = state
        self._repository = repository
        self.destroyed: Counter[str] = Counter()

    @property
    def source(self) -> SourceState | None:
        return self._state.sources.get(SOURCE)

    @property
    def applied(self) -> str:
        """The commit that is applied, "" before the first."""
        source = self.source
        return source.applied_commit if source is not None else ""

    @property
    def runs(self) -> list[Run]:
        return self._state.runs.recent(limit=ALL)

    # --- at any time ---

    def assert_sound(self) -> None:
        """What holds whatever happens, also in the middle of things."""
        applied = self.applied
        assert not applied or self._repository.commits[applied].is_good, f"{applied} is applied, which is a bad commit"
        running = Counter(run.pipeline for run in self._state.runs.running())
        assert all(count == 1 for count in running.values()), f"several runs of one pipeline: {running}"
        for run in self.runs:
            if run.status.is_good:
                self._assert_complete(run)

    def _assert_complete(self, run: Run) -> None:
        """The record of a run that ended well."""
        steps = self._state.runs.steps(run.id)
        assert run.ended is not None, run
        assert [step.name for step in steps] == [f"step_{number}" for number in range(len(steps))], steps
        for step in steps:
            assert step.status.is_good, f"{run.id} is {run.status}, its {step.name} {step.status}"
            assert step.fingerprint, step
            assert step.outputs.keys() == {"text"}, step
            assert not step.handle or step.status is StepStatus.SUCCEEDED, step

    def assert_nothing_twice(self) -> None:
        """No step was executed to its end again for one fingerprint, unless what it wrote was destroyed."""
        finished: Counter[str] = Counter()
        broken_off: Counter[str] = Counter()
        digests: dict[str, str] = {}
        for step in self._steps():
            if step.status is StepStatus.SUCCEEDED:
                finished[step.fingerprint] += 1
                digests[step.fingerprint] = step.outputs["text"]
            elif step.status in (StepStatus.CANCELLED, StepStatus.FAILED):
                broken_off[step.fingerprint] += 1  # perhaps after the last thing that it did
        repeatable = self._contents_of_noise()
        for fingerprint, count in finished.items():
            content = digests[fingerprint]
            is_right = content in repeatable or count <= 1 + self.destroyed[content]
            assert is_right, f"{fingerprint} finished {count} times: {self._executions(fingerprint)}"
        most: Counter[str] = Counter()
        for fingerprint, content in digests.items():
            most[content] += finished[fingerprint] + broken_off[fingerprint]
        for text, count in Counter(self._repository.executed()).items():
            content = digest_of(text)
            assert count <= most.get(content, count), (
                f"{text} was written {count} times, recorded {most[content]} times"
            )

    def _steps(self) -> Iterator[StepRun]:
        for run in self.runs:
            yield from self._state.runs.steps(run.id)

    def _executions(self, fingerprint: str) -> list[str]:
        return [f"{step.run_id}/{step.name} {step.status}" for step in self._steps() if step.fingerprint == fingerprint]

    def _contents_of_noise(self) -> frozenset[str]:
        """What steps wrote that are not deterministic, and so are never reused."""
        return frozenset(
            digest_of(text)
            for pushed in self._repository.history
            for pipeline in pushed.wanted.pipelines
            for number, text in enumerate(pushed.wanted.texts(pipeline))
            if not pushed.wanted.is_deterministic(pipeline, number)
        )

    # --- at rest ---

    def troubles(self, head: Pushed) -> list[str]:
        """What is not as the newest commit says; nothing where actual is desired."""
        running = [run.id for run in self._state.runs.running()]
        if running:
            return [f"{', '.join(running)} still run"]
        if self.applied != head.commit:
            return [f"{self.applied} is applied, not {head.commit}"]
        mirror = Mirror(str(self._repository.origin.url), "main", self._state.folder.sources / f"{SOURCE}.git")
        try:
            planned = Planner(self._state).plan(mirror.snapshot(head.commit), mirror, SOURCE)
        finally:
            mirror.close()
        return [
            *self._still_planned(planned),
            *self._badly_told(head.wanted),
            *(trouble for name in head.wanted.pipelines for trouble in self._badly_run(name, head.wanted, planned)),
            *self._badly_kept(planned),
        ]

    def _still_planned(self, planned: Planned) -> Iterator[str]:
        for pipeline in planned.plan.pipelines:
            if pipeline.action is not PipelineAction.NONE:
                yield f"{pipeline.name} would be {pipeline.action}: {pipeline.reasons}"
        for environment in planned.plan.environments:
            if environment.action is not EnvironmentAction.NONE:
                yield f"environment {environment.name} would be {environment.action}"
        yield from (str(problem) for problem in planned.plan.problems if problem.is_error)
        yield from (f"{gone.kind} {gone.name} would be removed" for gone in planned.plan.prune)

    def _badly_told(self, wanted: Wanted) -> Iterator[str]:
        resources = {(str(each.kind), each.name): each for each in self._state.sources.resources(SOURCE)}
        if resources.keys() != wanted.resources():
            yield f"told of {sorted(resources)}, not of {sorted(wanted.resources())}"
        source = self.source
        everything = {
            **{key: each.conditions for key, each in resources.items()},
            ("source", SOURCE): source.conditions if source else (),
        }
        for key, conditions in everything.items():
            said = next((each for each in conditions if each.type is ConditionType.READY), None)
            if said is None or not said.status:
                yield f"{key} is not ready: {conditions}"

    def _badly_run(self, name: str, wanted: Wanted, planned: Planned) -> Iterator[str]:
        graph = next(graph for graph in planned.graphs if graph.pipeline == name)
        current = self._state.runs.current(name)
        if current is None or current.closure != graph.closure:
            yield f"the current run of {name} is {current}"
            return
        needed = {step for step, _ in needed_outputs(graph)}
        written = [step.outputs.get("text", "") for step in self._state.runs.steps(current.id)]
        right = [digest_of(text) for text in wanted.texts(name)]
        if written != right:
            yield f"{current.id} holds other content than {wanted.texts(name)}"
            return
        for number, content in enumerate(right):
            path = self._state.outputs.path(content)
            is_lost = not path.exists() or digest_of_path(path) != content
            if is_lost and (f"step_{number}" in needed or not self.destroyed[content]):
                yield f"{path} of {current.id} is not what it has to be"

    def _badly_kept(self, planned: Planned) -> Iterator[str]:
        schedules = [each.name for each in self._state.schedules.all(SOURCE)]
        if schedules != [each.name for each in planned.desired.schedules]:
            yield f"the state knows the schedules {schedules}"
        for spec in planned.environments:
            place = self._state.folder.environments / spec.digest
            if not place.exists() or (place / "broken").exists():
                yield f"environment {spec.name} is gone or broken"

    def only_to_be_forced(self) -> list[str]:
        """Pipelines of which an output is gone that only a person can have made anew."""
        return [
            each.name
            for each in self._state.sources.resources(SOURCE)
            if any(said.reason == "Drifted" and "--force" in said.message for said in each.conditions)
        ]

    # --- what a hand outside can take hold of ---

    def contents(self) -> list[str]:
        """The digests of what is in the store."""
        return sorted(digest for digest, _ in self._state.outputs.all())

    def applied_revisions(self) -> list[str]:
        return [each.revision for each in self._state.history.revisions(SOURCE) if each.outcome == APPLIED]

    def good_runs(self) -> list[Run]:
        return [run for run in self.runs if run.status is RunStatus.SUCCEEDED]

    def path_of(self, content: str) -> Path:
        return self._state.outputs.path(content)


def digest_of(text: str) -> str:
    """Of the content that a step wrote."""
    return hashlib.sha256(f"{text}\n".encode()).hexdigest()


def ids(runs: list[Run], pipeline: str | None = None) -> frozenset[str]:
    """Those of all runs, or of one pipeline's."""
    return frozenset(run.id for run in runs if pipeline in (None, run.pipeline))
