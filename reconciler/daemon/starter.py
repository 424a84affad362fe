"""From an applied revision to runs: what is started, what is restored, and what has to wait."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from reconciler.daemon.freezes import Freezes
from reconciler.daemon.holds import Holds
from reconciler.daemon.intake import INTERVAL
from reconciler.daemon.pinned import PinnedPipeline
from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.retries import Decision, next_attempt
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.schedules import Due, SourceSchedules
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.waiting_line import Turn, WaitingLine
from reconciler.execution.carry_out import Order, mending_run, new_run, restore
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects
from reconciler.log_facts import about
from reconciler.model.desired import Desired
from reconciler.model.drift import Drift
from reconciler.model.errors import TrackingAwayError
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan
from reconciler.model.runs import SUPERSEDED, Run
from reconciler.model.schedules import OnOverlap
from reconciler.model.steps import Graph
from reconciler.planning.diff import plan_pipeline
from reconciler.planning.drift import to_remake, without_root

log = logging.getLogger("reconciler")
_AWAY_SECONDS = 30.0
DRIFT = "drift"  # the trigger of runs that mend
THAW = "end of a freeze"


class Starter:
    """Starts the runs of one source; called by one thread at a time.

    Attributes:
        waiting: why pipelines that are to run do not do so yet, by name.
        retries: when failed pipelines are tried again, seconds since the epoch, by name.
        frozen: why pipelines that are to run may not start at the moment, by name.
        pinned: pipelines that are of an earlier revision, by name.
        taken: the sources that have pipelines of the same names, by name.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        objects: Objects,
        planner: Planner,
        schedules: SourceSchedules,
        runs: RunsUnderWay,
        holds: Holds,
        freezes: Freezes,
        line: WaitingLine,
    ) -> None:
        self._site = site
        self._settings = settings
        self._objects = objects
        self._planner = planner
        self._schedules = schedules
        self._runs = runs
        self._holds = holds
        self._freezes = freezes
        self._line = line
        self._due: dict[str, float] = {}
        self.waiting: dict[str, str] = {}
        self.retries: dict[str, float] = {}
        self.frozen: dict[str, str] = {}
        self.pinned: dict[str, PinnedPipeline] = {}
        self.taken: dict[str, str] = {}

    def next_due(self) -> float | None:
        """When a retry or a schedule is due, seconds since the epoch; None where none is waiting."""
        scheduled = self._schedules.next_due()
        return min([*self._due.values(), *([] if scheduled is None else [scheduled])], default=None)

    def forget_due(self) -> None:
        """Retries that are due are seen to at the next start, and until then nobody need be woken for them."""
        self._due = {}

    def start(self, applied: Loaded, trigger: str, is_asked: bool, is_overriding: bool = False) -> list[str]:
        """Start or restore what the revision asks for; returns the pipelines and the ids of what was restored.

        With `is_overriding`, what is frozen starts all the same.
        """
        self.waiting, self.retries = {}, {}
        before, self.frozen = self.frozen, {}
        self._due = {}
        # What pins say is in the graphs already, so that only who suspends holds anything still.
        actual = replace(self._planner.actual(self._settings.name, applied.graphs), held=self._holds.pipelines)
        started = []
        for graph in applied.graphs:
            if graph.pipeline in self.taken:
                continue
            hold, under_way = self._holds.why(graph, graph.pipeline), self._runs.of(graph.pipeline)
            if under_way is not None:
                if not hold:
                    self._wait(graph, applied.desired, trigger, is_asked, under_way.closure, f"{under_way.id} runs")
                    self._runs.supersede(graph, applied.desired.snapshot.revision)
                continue
            turn = None if hold or self._is_pinned(graph) else self._line.next(graph)
            plan = turn.plan if turn else plan_pipeline(graph, actual)
            if plan.held and self._next_attempt(graph).due is not None:
                self.waiting[graph.pipeline] = plan.held
            if graph.waiting:
                self.waiting[graph.pipeline] = "; ".join(graph.hindrances)
            if plan.action is PipelineAction.NONE:
                if not hold:
                    self._line.overtake(graph, applied.desired.snapshot.revision)
                continue
            if turn is None and plan.action is PipelineAction.RUN and not self._is_due(graph, is_asked):
                continue
            why = self._freezes.why(graph.pipeline)
            if why and not is_overriding:
                self._freeze(graph.pipeline, why)
                self._wait(graph, applied.desired, trigger, is_asked, "", "")
                continue
            if why:
                plan = replace(plan, reasons=(*plan.reasons, f"overriding: {why}"))
            thawed = THAW if graph.pipeline in before and trigger == INTERVAL else trigger
            try:
                started.append(
                    self._take_turn(turn, plan) if turn else self._carry_out(plan, actual, applied.desired, thawed)
                )
            except TrackingAwayError as error:  # nothing is restored without MLflow; other pipelines do not wait for it
                self.waiting[graph.pipeline] = f"is restored once MLflow answers: {error.message}"
                self._due[graph.pipeline] = self._site.clock() + _AWAY_SECONDS
        self._line.drop_all_but({each.name for each in applied.desired.pipelines})
        schedules = applied.desired.schedules
        self._schedules.follow(schedules, applied.firings, self._holds.schedules(schedules))
        started.extend(filter(None, (self._fire(due, applied.desired) for due in self._schedules.due())))
        return started

    def _wait(self, graph: Graph, desired: Desired, trigger: str, is_asked: bool, under_way: str, why: str) -> None:
        """Have the revision wait for its run, where it is to have one."""
        if graph.hindrances or (not is_asked and self._next_attempt(graph).due is None):
            return
        desired = self.desired_of(graph.pipeline, desired)
        self._line.join(graph, desired, trigger, under_way, why, is_alone=self._is_pinned(graph))

    def _is_pinned(self, graph: Graph) -> bool:
        """Whether somebody holds it at an earlier revision, by itself or with its source."""
        return graph.pipeline in self.pinned or self._holds.pin is not None

    def _take_turn(self, turn: Turn, plan: PipelinePlan) -> str:
        """Start or restore what waited, as it was then."""
        order = self._order(turn.desired, turn.waiting.trigger, self._next_attempt(plan.graph).attempt)
        if plan.action is PipelineAction.RESTORE:
            with about(pipeline=plan.name, revision=order.revision):
                restored = restore(self._site, plan, order)
            self._line.leave(turn.waiting)
            self._runs.tell()
            return restored.id
        with self._site.state.database.transaction():  # it waits no more if and only if there is the run
            run = new_run(self._site, plan, turn.actual, self._objects, order)
            self._line.leave(turn.waiting)
        self._runs.start(plan.name, run)
        return plan.name

    def _freeze(self, pipeline: str, why: str) -> None:
        self.frozen[pipeline] = why
        until = self._freezes.until(pipeline)
        if until is not None:
            self._due[pipeline] = until

    def stand_still(self, applied: Loaded) -> None:
        """Start nothing, as the source is suspended; what schedules would fire for meanwhile is passed over."""
        self.waiting, self.retries, self.frozen = {}, {}, {}
        self._due = {}
        schedules = applied.desired.schedules
        self._schedules.follow(schedules, applied.firings, frozenset(each.name for each in schedules))

    def _is_due(self, graph: Graph, is_asked: bool) -> bool:
        decision = self._next_attempt(graph)
        if is_asked or decision.due == 0.0:
            return True
        if decision.due is None:
            return False
        if decision.is_due(self._site.clock()):
            return True
        self._due[graph.pipeline] = self.retries[graph.pipeline] = decision.due
        self.waiting[graph.pipeline] = f"attempt {decision.attempt} follows"
        return False

    def _next_attempt(self, graph: Graph) -> Decision:
        """What this source's own runs say: one that somebody tried by hand before the push does not count."""
        runs = self._site.state.runs.with_closure(graph.pipeline, graph.closure)
        return next_attempt([run for run in runs if run.source == self._settings.name], self._settings.retries)

    def _carry_out(self, plan: PipelinePlan, actual: Actual, desired: Desired, trigger: str) -> str:
        desired = self.desired_of(plan.name, desired)
        order = self._order(desired, trigger, self._next_attempt(plan.graph).attempt)
        if plan.action is PipelineAction.RESTORE:
            with about(pipeline=plan.name, revision=order.revision):
                restored = restore(self._site, plan, order)
            self._line.overtake(plan.graph, order.revision)
            return restored.id
        with self._site.state.database.transaction():
            run = new_run(self._site, plan, actual, self._objects, order)
            self._line.overtake(plan.graph, order.revision)
        self._runs.start(plan.name, run)
        return plan.name

    def mend(self, applied: Loaded, findings: Sequence[Drift]) -> list[str]:
        """Start runs that execute again what is lost of current runs, and nothing else; returns the pipelines.

        One that failed is tried again as any run is; one that is held still waits.
        """
        started, wanted, rootless = [], to_remake(findings), without_root(findings)
        for graph in applied.graphs:
            drifts = wanted.get(graph.pipeline, ())
            if not drifts or self._runs.of(graph.pipeline) is not None or graph.pipeline in self.taken:
                continue
            if self._holds.why(graph, graph.pipeline) or self._freezes.why(graph.pipeline):
                continue
            mended = self._site.state.runs.current(graph.pipeline)
            if mended is None or mended.closure != graph.closure or any(each.run != mended.id for each in drifts):
                continue
            if not self._is_due(graph, is_asked=False):
                continue
            mended = replace(mended, mlflow_run_id="") if mended.id in rootless else mended
            self._mend(graph, mended, drifts, applied.desired)
            started.append(graph.pipeline)
        return started

    def _mend(self, graph: Graph, mended: Run, drifts: Sequence[Drift], desired: Desired) -> None:
        actual = self._planner.actual(self._settings.name, [graph], is_forced=True)
        reasons = tuple(dict.fromkeys(each.told for each in drifts))
        plan = replace(plan_pipeline(graph, actual, is_forced=True), reasons=reasons)
        desired = self.desired_of(graph.pipeline, desired)
        order = self._order(desired, DRIFT, self._next_attempt(graph).attempt)
        lost = {each.step for each in drifts}
        run = mending_run(self._site, plan, actual, self._objects, order, mended, lost)
        self._runs.start(graph.pipeline, run)

    def _fire(self, due: Due, desired: Desired) -> str:
        """Start the run of a schedule that is due; returns the pipeline, "" where there was a reason not to."""
        firing = self._planner.fire(due.schedule, desired, due.moment)
        if firing.pipeline in self.pinned:
            desired = self.desired_of(firing.pipeline, desired)
            firing = self._planner.fire(due.schedule, desired, due.moment)
        graph = firing.graph
        if graph is None or firing.unsupported:
            first = next((problem.message for problem in firing.problems), "its job cannot run")
            return self._pass_over(due, firing.unsupported or first)
        why = self._holds.why(graph, firing.pipeline) or self._freezes.why(firing.pipeline)
        if why:
            return self._pass_over(due, f"{firing.pipeline} is {why}")
        if graph.pipeline in self.taken:
            return self._pass_over(due, f"{graph.pipeline} is a pipeline of source {self.taken[graph.pipeline]}")
        known = self._runs.of(graph.pipeline)
        if known is not None:
            return self._overlap(due, known)
        actual = self._planner.actual(self._settings.name, [graph], is_forced=True)
        plan = replace(plan_pipeline(graph, actual, is_forced=True), reasons=(self._schedules.reason(due),))
        order = self._order(desired, f"schedule {due.schedule.name}", 1)
        with self._site.state.database.transaction():  # it fired if and only if there is the run
            run = new_run(self._site, plan, actual, self._objects, order)
            self._schedules.started(due, run.id)
        self._runs.start(graph.pipeline, run)
        return graph.pipeline

    def _overlap(self, due: Due, run: PipelineRun) -> str:
        """A firing meets a run that goes on: it is passed over, waits, or ends a run that the schedule itself began."""
        if due.schedule.lateness.on_overlap is OnOverlap.SKIP:
            return self._pass_over(due, f"{run.id} was still running")
        if due.schedule.lateness.on_overlap is OnOverlap.CANCEL and self._schedules.began(due.schedule, run.id):
            run.cancel(f"{SUPERSEDED}{self._schedules.firing_of(due)}")
        self._schedules.wait(due, run.id)
        return ""

    def desired_of(self, pipeline: str, desired: Desired) -> Desired:
        """What a pipeline is part of: the revision that it is pinned to, else the one that is applied."""
        pinned = self.pinned.get(pipeline)
        return pinned.desired if pinned is not None and pinned.desired is not None else desired

    def _pass_over(self, due: Due, why: str) -> str:
        log.warning("schedule %s did not fire: %s", due.schedule.name, why)
        self._schedules.passed_over(due, why)
        return ""

    def _order(self, desired: Desired, trigger: str, attempt: int) -> Order:
        snapshot = desired.snapshot
        origin = self._settings.origin(snapshot.commit)
        prefix = self._settings.experiment_prefix
        return Order(self._settings.name, snapshot.revision, trigger, origin, attempt, prefix)
