"""From an applied revision to runs: what is started, what is restored, and what has to wait."""

from __future__ import annotations

import logging
from dataclasses import replace

from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.retries import Decision, next_attempt
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.schedules import Due, SourceSchedules
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.carry_out import Order, new_run, restore
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects
from reconciler.model.desired import Desired
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan
from reconciler.model.steps import Graph
from reconciler.planning.diff import plan_pipeline

log = logging.getLogger("reconciler")


class Starter:
    """Starts the runs of one source; called by one thread at a time.

    Attributes:
        waiting: why pipelines that are to run do not do so yet, by name.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        objects: Objects,
        planner: Planner,
        schedules: SourceSchedules,
        runs: RunsUnderWay,
    ) -> None:
        self._site = site
        self._settings = settings
        self._objects = objects
        self._planner = planner
        self._schedules = schedules
        self._runs = runs
        self._due: dict[str, float] = {}
        self.waiting: dict[str, str] = {}

    def next_due(self) -> float | None:
        """When a retry or a schedule is due, seconds since the epoch; None where none is waiting."""
        scheduled = self._schedules.next_due()
        return min([*self._due.values(), *([] if scheduled is None else [scheduled])], default=None)

    def forget_due(self) -> None:
        """Retries that are due are seen to at the next start, and until then nobody need be woken for them."""
        self._due = {}

    def start(self, applied: Loaded, trigger: str, is_asked: bool) -> list[str]:
        """Start or restore what the revision asks for; returns the pipelines and the ids of what was restored."""
        self.waiting = {}
        self._due = {}
        actual = self._planner.actual(self._settings.name, applied.graphs)
        started = []
        for graph in applied.graphs:
            if self._runs.of(graph.pipeline) is not None:
                self._runs.supersede(graph, applied.desired.snapshot.revision)
                continue
            plan = plan_pipeline(graph, actual)
            if graph.waiting:
                self.waiting[graph.pipeline] = "; ".join(graph.hindrances)
            if plan.action is PipelineAction.NONE:
                continue
            if plan.action is PipelineAction.RUN and not self._is_due(graph, is_asked):
                continue
            started.append(self._carry_out(plan, actual, applied.desired, trigger))
        self._schedules.follow(applied.desired.schedules, applied.firings)
        started.extend(filter(None, (self._fire(due, applied.desired) for due in self._schedules.due())))
        return started

    def _is_due(self, graph: Graph, is_asked: bool) -> bool:
        decision = self._next_attempt(graph)
        if is_asked or decision.due == 0.0:
            return True
        if decision.due is None:
            return False
        if decision.due <= self._site.clock():
            return True
        self._due[graph.pipeline] = decision.due
        self.waiting[graph.pipeline] = f"attempt {decision.attempt} follows"
        return False

    def _next_attempt(self, graph: Graph) -> Decision:
        """What this source's own runs say: one that somebody tried by hand before the push does not count."""
        runs = self._site.state.runs.with_closure(graph.pipeline, graph.closure)
        return next_attempt([run for run in runs if run.source == self._settings.name], self._settings.retries)

    def _carry_out(self, plan: PipelinePlan, actual: Actual, desired: Desired, trigger: str) -> str:
        order = self._order(desired, trigger, self._next_attempt(plan.graph).attempt)
        if plan.action is PipelineAction.RESTORE:
            return restore(self._site, plan, order).id
        run = new_run(self._site, plan, actual, self._objects, order)
        self._runs.start(plan.name, run)
        return plan.name

    def _fire(self, due: Due, desired: Desired) -> str:
        """Start the run of a schedule that is due; returns the pipeline, "" where there was a reason not to."""
        firing = self._planner.fire(due.schedule, desired, due.moment)
        graph = firing.graph
        if graph is None or firing.unsupported:
            first = next((problem.message for problem in firing.problems), "its job cannot run")
            return self._pass_over(due, firing.unsupported or first)
        known = self._runs.of(graph.pipeline)
        if known is not None:
            return self._pass_over(due, f"{known.id} was still running")
        actual = self._planner.actual(self._settings.name, [graph], is_forced=True)
        plan = replace(plan_pipeline(graph, actual, is_forced=True), reasons=(self._schedules.reason(due),))
        order = self._order(desired, f"schedule {due.schedule.name}", 1)
        with self._site.state.database.transaction():  # it fired if and only if there is the run
            run = new_run(self._site, plan, actual, self._objects, order)
            self._schedules.started(due, run.id)
        self._runs.start(graph.pipeline, run)
        return graph.pipeline

    def _pass_over(self, due: Due, why: str) -> str:
        log.warning("schedule %s did not fire: %s", due.schedule.name, why)
        self._schedules.passed_over(due, why)
        return ""

    def _order(self, desired: Desired, trigger: str, attempt: int) -> Order:
        snapshot = desired.snapshot
        origin = self._settings.origin(snapshot.commit)
        return Order(self._settings.name, snapshot.revision, trigger, origin, attempt)
