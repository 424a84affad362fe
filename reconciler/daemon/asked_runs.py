"""Runs that somebody asks for: what is run, what is in the way, and how it is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.daemon.freezes import Freezes
from reconciler.daemon.holds import Holds
from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.carry_out import Order, new_run, restore
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects
from reconciler.manifests.bindings import binding
from reconciler.manifests.fields import Reading
from reconciler.model.asked_runs import AskedRun
from reconciler.model.desired import Desired
from reconciler.model.errors import UsageError
from reconciler.model.manifests import DATA_TYPES, Scalar
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import FromData, Literal, Pipeline
from reconciler.model.plan import PipelineAction, PipelinePlan
from reconciler.model.problems import Problem
from reconciler.model.steps import Graph
from reconciler.planning.diff import plan_pipeline
from reconciler.planning.one_off import given_inputs, one_off
from reconciler.planning.resolve import Registry

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of it: the run, "" where there was nothing to do."""

    run: str
    message: str


class AskedRuns:
    """Starts the runs of one source that people ask for; called by one thread at a time."""

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        objects: Objects,
        planner: Planner,
        runs: RunsUnderWay,
        holds: Holds,
        freezes: Freezes,
    ) -> None:
        self._site = site
        self._settings = settings
        self._objects = objects
        self._planner = planner
        self._runs = runs
        self._holds = holds
        self._freezes = freezes

    def start(self, asked: AskedRun, applied: Loaded, taken: Mapping[str, str]) -> Begun:
        """Start the run; one request starts one run, however often it is read.

        Args:
            taken: the sources that have pipelines of the same names, by name.

        Raises:
            UsageError: it cannot be run, or something is in the way.
        """
        if asked.pipeline in taken:
            told = f"pipeline {asked.pipeline} is one of source {taken[asked.pipeline]}"
            raise UsageError(told, hint=f"run that one, or give the one of {self._settings.name} another name")
        known = self._site.state.asked_runs.started_by(asked.request)
        if known:
            return Begun(known, f"started {known}")
        graph = self._graph(asked, applied)
        hold = self._hold(asked, graph)
        if hold and not asked.is_overriding:
            raise UsageError(f"pipeline {asked.pipeline} is {hold}", hint="start it all the same with `--override`")
        under_way = next((run.id for run in self._site.state.runs.running() if run.pipeline == graph.pipeline), "")
        if under_way:
            hint = f"wait for its end, or end it with `reconciler cancel {under_way}`"
            raise UsageError(f"{under_way} is under way", hint=hint)
        return self._begin(asked, replace(graph, is_suspended=False), applied.desired, hold)

    def _graph(self, asked: AskedRun, applied: Loaded) -> Graph:
        if asked.inputs:
            return one_off_graph(asked, applied.desired)
        found = next((graph for graph in applied.graphs if graph.pipeline == asked.pipeline), None)
        if found is None:
            raise _unknown(asked.pipeline, applied.desired)
        if found.hindrances:
            raise UsageError(f"pipeline {asked.pipeline} cannot run: {'; '.join(found.hindrances)}")
        return found

    def _hold(self, asked: AskedRun, graph: Graph) -> str:
        source = self._holds.source
        if source is not None:
            return f"of source {source.name}, which is {source.told}"
        return self._holds.why(graph, asked.pipeline) or self._freezes.why(asked.pipeline)

    def _begin(self, asked: AskedRun, graph: Graph, desired: Desired, hold: str) -> Begun:
        actual = replace(self._planner.actual(self._settings.name, [graph], is_forced=True), held={})
        plan = plan_pipeline(graph, actual, asked.is_forced)
        if plan.action is PipelineAction.NONE or (plan.action is PipelineAction.RESTORE and asked.inputs):
            current = actual.current.get(graph.pipeline)
            ran = plan.restores or (current.id if current else "")
            return Begun("", f"nothing to do: {ran} was exactly this; `--force` runs it all the same")
        plan = replace(plan, reasons=_reasons(asked, plan, desired, hold))
        snapshot = desired.snapshot
        origin = self._settings.origin(snapshot.commit)
        prefix = self._settings.experiment_prefix
        order = Order(self._settings.name, snapshot.revision, f"run by {asked.by}", origin, experiment_prefix=prefix)
        if plan.action is PipelineAction.RESTORE:
            restored = restore(self._site, plan, order)  # asked for twice, there is nothing left to do
            return Begun(restored.id, f"{restored.id} restored {plan.restores}")
        with self._site.state.database.transaction():  # the request is seen to if and only if there is the run
            run = new_run(self._site, plan, actual, self._objects, order)
            self._site.state.asked_runs.save(run.id, asked)
        self._runs.start(graph.pipeline, run)
        return Begun(run.id, f"started {run.id}")


def one_off_graph(asked: AskedRun, desired: Desired) -> Graph:
    """What a run with other inputs runs.

    Raises:
        UsageError: there is no such pipeline, or its inputs do not take these values.
    """
    pipeline = _pipeline(asked.pipeline, desired)
    reading = Reading(pipeline.file)
    known = given_inputs(pipeline)
    given = [(name, _bound(name, written, known, reading)) for name, written in asked.inputs]
    if reading.problems:
        raise _refused(reading.problems, pipeline)
    found = one_off(pipeline, given, Registry(desired))
    if found.graph is None:
        raise _refused([problem for problem in found.problems if problem.is_error], pipeline)
    if found.unsupported:
        raise UsageError(f"pipeline {pipeline.name} cannot run: {found.unsupported}")
    return found.graph


def _pipeline(name: str, desired: Desired) -> Pipeline:
    found = next((pipeline for pipeline in desired.pipelines if pipeline.name == name), None)
    if found is None:
        raise _unknown(name, desired)
    return found


def _unknown(name: str, desired: Desired) -> UsageError:
    names = sorted(pipeline.name for pipeline in desired.pipelines)
    hint = did_you_mean(name, names, f"there are: {', '.join(names) or 'none'}")
    return UsageError(f"{desired.snapshot.revision} has no pipeline `{name}`", hint=hint)


def _refused(problems: Iterable[Problem], pipeline: Pipeline) -> UsageError:
    first = next(iter(problems), None)
    if first is None:
        return UsageError(f"pipeline {pipeline.name} cannot run", hint="see `reconciler validate`")
    return UsageError(first.message, place=pipeline.file, hint=first.hint or None)


def _bound(name: str, written: str, known: Mapping[str, tuple[str, object]], reading: Reading) -> Literal | FromData:
    """What stands on the command line, as what the input is."""
    kind, before = known.get(name, ("", None))
    if kind in DATA_TYPES or isinstance(before, FromData):
        data_type = kind or (before.type if isinstance(before, FromData) else "")
        bound = binding({"type": data_type, "path": written}, reading, ("inputs", name))
        return bound if isinstance(bound, FromData) else Literal(written)
    is_text = kind == "string" or (not kind and isinstance(before, Literal) and isinstance(before.value, str))
    return Literal(written if is_text else _scalar(written))


def _scalar(written: str) -> Scalar:
    """The value that YAML would read, as far as it is a number or a truth."""
    text = written.strip()
    if text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else written


def _reasons(asked: AskedRun, plan: PipelinePlan, desired: Desired, hold: str) -> tuple[str, ...]:
    reasons = [f"asked for by {asked.by}"]
    if asked.inputs:
        known = given_inputs(_pipeline(asked.pipeline, desired))
        reasons += [f"input {name}: {_shown(known[name][1])} → {written}" for name, written in asked.inputs]
    if hold:
        reasons.append(f"overriding: {hold}")
    return (*reasons, *(reason for reason in plan.reasons if not asked.inputs or reason != "never ran"))


def _shown(bound: object) -> str:
    if isinstance(bound, Literal):
        return str(bound.value)
    if isinstance(bound, FromData):
        return bound.path or (bound.reference.short if bound.reference else "data")
    return "nothing"
