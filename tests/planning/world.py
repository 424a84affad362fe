"""A repository that is followed, with runs that do at once what the plan says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan, Plan, StepPlan
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Graph, Step, fingerprint_of
from reconciler.planning.diff import known_inputs, plan
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.interfaces import interface_of
from reconciler.planning.named_files import Readers
from reconciler.planning.versions import VersionJudge

from .history import Files, History

_NO_READERS = Readers(yaml=lambda _: None, dockerfile=lambda _: ("", ()))


def interfaces_of(manifests: Iterable[AnyManifest], desired: Desired) -> dict[str, str]:
    """The interfaces of manifests, without a look into the files that they name."""
    return {manifest.file: interface_of(manifest, desired, _NO_READERS) for manifest in manifests}


class World:
    """What there is after each revision that was applied.

    Attributes:
        executed: the steps that were executed by the last `apply` or `run`.
    """

    def __init__(self) -> None:
        self.actual = Actual()
        self.executed: list[str] = []
        self._history = History()
        self._builder = GraphBuilder()
        self._judge = VersionJudge()
        self._runs: dict[str, dict[str, StepRun]] = {}

    def tag(self, name: str, files: Files | None) -> None:
        """Have a tag lead to a commit that holds exactly these files; with None, take it away."""
        self._history.tag(name, files)

    def plan(self, files: Files) -> Plan:
        desired = self._history.revision(files)
        graphs, problems = self._builder.build(desired)
        interfaces = interfaces_of(self._judge.to_compare(desired, self.actual), desired)
        made = plan(desired, graphs, problems, self.actual, self._judge, interfaces)
        kept = self._judge.fresh(
            desired, self.actual, interfaces_of(self._judge.to_keep(desired, self.actual), desired)
        )
        self._fresh = {(known.kind, known.name, known.version): known for known in reversed(kept)}
        self._kinds = frozenset((kind_of(manifest), manifest.name) for manifest in desired.manifests.values())
        return made

    def apply(self, files: Files, writes: Mapping[str, str] | None = None, failing: Collection[str] = ()) -> Plan:
        """Plan a revision and do what the plan says; `writes` is what steps write, whatever they read."""
        made = self.plan(files)
        assert not made.has_errors, made.problems
        self.executed = []
        for each in made.pipelines:
            if each.action is PipelineAction.RUN:
                self.run(each.graph, writes or {}, failing)
            elif each.action is PipelineAction.RESTORE:
                self._become_current(each.graph, self._runs[each.restores], RunStatus.RESTORED, each.restores)
        self.actual = replace(
            self.actual,
            revision=made.revision,
            versions={**self._fresh, **self.actual.versions},
            applied=self.actual.applied | self._kinds,
        )
        return made

    def run(self, graph: Graph, writes: Mapping[str, str] | None = None, failing: Collection[str] = ()) -> None:
        results: dict[str, Result | None] = {}
        steps: dict[str, StepRun] = {}
        for step in graph.steps:
            if step.name in failing:
                break
            results[step.name], steps[step.name] = self._step(step, results, (writes or {}).get(step.name))
        status = RunStatus.FAILED if failing else RunStatus.SUCCEEDED
        self._become_current(graph, steps, status)

    def _step(self, step: Step, results: Mapping[str, Result | None], written: str | None) -> tuple[Result, StepRun]:
        run_id = f"run-{len(self._runs) + 1}"
        inputs, unknown = known_inputs(step, results)
        assert not unknown
        fingerprint = fingerprint_of(step.definition.digest, inputs)
        result = self.actual.results.get(fingerprint) if step.is_deterministic else None
        status = StepStatus.REUSED
        if result is None:
            content = written or digest_of([fingerprint, run_id if not step.is_deterministic else ""])
            outputs = {name: f"{name} {content}" for name, _ in step.definition.outputs}
            result = Result(fingerprint, step.definition.digest, outputs, run_id, step.name)
            self.executed.append(step.name)
            status = StepStatus.SUCCEEDED
        definitions = {**self.actual.definitions, step.definition.digest: step.definition}
        self.actual = replace(
            self.actual, results={**self.actual.results, fingerprint: result}, definitions=definitions
        )
        return result, StepRun(
            run_id, step.name, status=status, fingerprint=fingerprint, definition=result.definition, inputs=inputs
        )

    def _become_current(self, graph: Graph, steps: dict[str, StepRun], status: RunStatus, restored: str = "") -> None:
        run_id = f"run-{len(self._runs) + 1}"
        self._runs[run_id] = steps
        run = Run(run_id, graph.pipeline, "source", "", graph.closure, status, "", 0.0, restored_from=restored)
        succeeded = dict(self.actual.succeeded.get(graph.pipeline, {}))
        if status.is_good:
            succeeded.setdefault(graph.closure, run_id)
        self.actual = replace(
            self.actual,
            current={**self.actual.current, graph.pipeline: run},
            current_steps={**self.actual.current_steps, graph.pipeline: steps},
            succeeded={**self.actual.succeeded, graph.pipeline: succeeded},
        )


def pipeline_plan(made: Plan, name: str = "lending") -> PipelinePlan:
    return next(each for each in made.pipelines if each.name == name)


def step_plan(made: Plan, step: str, pipeline: str = "lending") -> StepPlan:
    return next(each for each in pipeline_plan(made, pipeline).steps if each.name == step)


def actions(made: Plan, pipeline: str = "lending") -> dict[str, str]:
    """What is to be done with each step."""
    return {each.name: str(each.action) for each in pipeline_plan(made, pipeline).steps}
