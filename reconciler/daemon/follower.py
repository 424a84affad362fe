"""One followed source: what it holds now, what was applied of it, which of its pipelines run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from reconciler.daemon.conditions import resources_of
from reconciler.daemon.healing import heal
from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.retries import Decision, RetryPolicy, next_attempt
from reconciler.daemon.schedules import Due, SourceSchedules
from reconciler.daemon.source_record import SourceRecord
from reconciler.execution.carry_out import ENDED_BY_HAND, Order, abandon, new_run, restore
from reconciler.execution.origin import Origin
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.site import Site
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.pipelines import OnNewRevision
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan, Plan
from reconciler.model.problems import Problem
from reconciler.model.runs import SUPERSEDED, Run, RunStatus
from reconciler.model.snapshot import Snapshot
from reconciler.model.status import reconciling
from reconciler.model.steps import Graph
from reconciler.planning.diff import plan_pipeline
from reconciler.source.mirror import Mirror, redacted

log = logging.getLogger("reconciler")
RUN_ENDED, INTERVAL = "run ended", "interval"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What is followed, and how.

    Attributes:
        data_roots: folders from which manifests may name data by absolute path.
    """

    name: str
    url: str
    branch: str
    data_roots: tuple[str, ...] = ()
    retries: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reconciliation came to."""

    revision: str = ""
    plan: Plan | None = None
    problems: tuple[Problem, ...] = ()
    error: str = ""
    started: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return not self.error and not any(problem.is_error for problem in self.problems)


class Follower:
    """Brings one source's actual state to its desired one; called by one thread at a time."""

    def __init__(self, site: Site, settings: SourceSettings, mirror: Mirror, on_change: Callable[[], None]) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror
        self._on_change = on_change
        self._planner = Planner(site.state, settings.data_roots, site.base_images, site.remote_data)
        self._address = redacted(settings.url)
        self._record = SourceRecord(site.state.sources, settings.name, self._address, settings.branch, site.clock)
        self._newest = Outcome()
        self._brought_by = "start"
        self._applied: Loaded | None = None
        self._attempted = ""
        self._is_data_missing = False
        self._snapshot: Snapshot | None = None
        self._to_record: Snapshot | None = None
        self._runs: dict[str, tuple[PipelineRun, threading.Thread]] = {}
        self._waiting: dict[str, str] = {}
        self._due: dict[str, float] = {}
        self._schedules = SourceSchedules(site.state, settings.name, site.clock)
        self._lock = threading.Lock()
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._is_dirty = True
        site.environments.notify(self._on_environment)

    def next_due(self) -> float | None:
        """When a retry or a schedule is due, seconds since the epoch; None where none is waiting."""
        scheduled = self._schedules.next_due()
        return min([*self._due.values(), *([] if scheduled is None else [scheduled])], default=None)

    def retry(self) -> None:
        """A retry may be due: look at the pipelines again even though nothing was pushed."""
        self._is_dirty = True
        self._due = {}

    def refresh_images(self) -> None:
        """Have the names of images resolved anew: what they mean now is what is applied from here on."""
        self._site.state.image_pins.forget()
        self._applied = None

    def reconcile(self, trigger: str, is_asked: bool = False) -> Outcome:
        """Look at the source once, and start what has to be done.

        With `is_asked`, a person asked for it: failed pipelines are tried again at once. What a run held up is due to
        what brought the newest revision, not to the end of that run.
        """
        if is_asked and self._site.remote_data is not None:
            self._site.remote_data.forget()
        before = self._attempted
        outcome = self._look()
        if self._attempted != before:
            self._brought_by = "interval" if trigger == RUN_ENDED else trigger
        if trigger == RUN_ENDED:
            trigger = self._brought_by
            self._take_up_registered()
        if self._applied is None:
            self._applied = self._recall()
        if self._applied is None:
            return outcome
        if is_asked or trigger == INTERVAL:
            origin, objects = self._origin(self._applied.desired), self._mirror.objects
            if heal(self._site, self._applied.environments, objects, origin):
                self._is_dirty = True
        if not (self._is_dirty or is_asked or self._schedules.is_due()):
            return outcome
        desired = self._applied.desired
        if desired.has_unpinned_bases or (is_asked and desired.has_outside_data):  # they may be others by now
            self._applied = self._recall() or self._applied
        started = tuple(self._act(self._applied, trigger, is_asked))
        if self._to_record is not None:  # a revision is applied only once what it asks for was started
            self._record.applied(self._to_record)
            self._to_record = None
        return replace(outcome, started=started)

    def _take_up_registered(self) -> None:
        """A run may have registered data that other pipelines refer to."""
        if self._applied is not None and self._applied.desired.registered != self._site.state.assets.all():
            self._applied = self._recall() or self._applied
            self._is_dirty = True

    def _look(self) -> Outcome:
        """Take up what is new in the source; where nothing is, what came of the newest revision."""
        try:
            head = self._mirror.remote_head()
            if head is not None and (head != self._attempted or self._is_data_missing):
                taken_up = self._take_up(head)
                self._newest = replace(taken_up, plan=None)
                self._is_dirty = True
                return taken_up
        except ReconcilerError as error:
            self._record.away(reconciling("SourceUnavailable", str(error)))
            return Outcome(error=str(error))
        if head is None:
            message = f"{self._address} has no branch `{self._settings.branch}` yet"
            self._record.away(reconciling("NoRevision", message))
            return Outcome()
        self._record.back()
        return self._newest

    def _take_up(self, head: str) -> Outcome:
        """Load a new revision; it is applied only if nothing in it is wrong."""
        self._mirror.fetch(head)
        snapshot = self._mirror.snapshot(head, self._snapshot)
        planned = self._planner.plan(snapshot, self._mirror.objects, self._settings.name)
        plan, problems = planned.plan, planned.plan.problems
        self._snapshot, self._attempted = snapshot, head
        # A store that is away, or holds nothing yet, says nothing against the revision: it is looked at again.
        self._is_data_missing = plan.has_errors and planned.desired.has_passing_trouble
        if plan.has_errors:
            first = next(problem for problem in problems if problem.is_error)
            more = sum(problem.is_error for problem in problems) - 1
            message = str(first) + (f" (and {more} more)" if more else "")
            self._record.refused(snapshot, message)
            return Outcome(snapshot.revision, plan, problems, error=message)
        self._mirror.keep(head)
        self._applied = planned.loaded()
        gone = [(pruned.kind, pruned.name) for pruned in plan.prune]
        self._site.state.sources.remove_resources(self._settings.name, gone)
        self._planner.keep_versions(planned)
        self._to_record = snapshot
        return Outcome(snapshot.revision, plan, problems)

    def _on_environment(self) -> None:
        """Something else is to be said of an environment; in the thread that builds it."""
        self._is_dirty = True
        self._on_change()

    def _recall(self) -> Loaded | None:
        """What an earlier process applied last: it holds as long as the source gives nothing better."""
        commit = self._record.last_applied_commit()
        if not commit or not self._mirror.has(commit):
            return None
        planned = self._planner.plan(self._mirror.snapshot(commit), self._mirror.objects, self._settings.name)
        return None if planned.plan.has_errors else planned.loaded()

    def _act(self, applied: Loaded, trigger: str, is_asked: bool) -> Iterable[str]:
        """Start or restore what the applied revision asks for, and say how every resource stands."""
        self._is_dirty = False
        self._waiting = {}
        self._due = {}
        actual = self._planner.actual(self._settings.name, applied.graphs)
        started = []
        for graph in applied.graphs:
            with self._lock:
                is_running = graph.pipeline in self._runs
            if is_running:
                self._supersede(graph, applied.desired.snapshot)
                continue
            plan = plan_pipeline(graph, actual)
            if graph.waiting:
                self._waiting[graph.pipeline] = "; ".join(graph.hindrances)
            if plan.action is PipelineAction.NONE:
                continue
            if plan.action is PipelineAction.RUN and not self._is_due(graph, is_asked):
                continue
            started.append(self._carry_out(plan, actual, applied.desired, trigger))
        self._schedules.follow(applied.desired.schedules)
        started.extend(filter(None, (self._fire(due, applied.desired) for due in self._schedules.due())))
        self.save_resources()
        return started

    def _fire(self, due: Due, desired: Desired) -> str:
        """Start the run of a schedule that is due; returns the pipeline, "" where there was a reason not to."""
        firing = self._planner.fire(due.schedule, desired, due.moment)
        graph = firing.graph
        if graph is None or firing.unsupported:
            first = next((problem.message for problem in firing.problems), "its job cannot run")
            return self._pass_over(due, firing.unsupported or first)
        with self._lock:
            known = self._runs.get(graph.pipeline)
        if known is not None:
            return self._pass_over(due, f"{known[0].id} was still running")
        actual = self._planner.actual(self._settings.name, [graph], is_forced=True)
        plan = replace(plan_pipeline(graph, actual, is_forced=True), reasons=(self._schedules.reason(due),))
        order = self._order(desired, f"schedule {due.schedule.name}", 1)
        with self._site.state.database.transaction():  # it fired if and only if there is the run
            run = new_run(self._site, plan, actual, self._mirror.objects, order)
            self._schedules.started(due, run.id)
        self._start(graph.pipeline, run)
        return graph.pipeline

    def _pass_over(self, due: Due, why: str) -> str:
        log.warning("schedule %s did not fire: %s", due.schedule.name, why)
        self._schedules.passed_over(due, why)
        return ""

    def _supersede(self, graph: Graph, snapshot: Snapshot) -> None:
        """End a run of something else than what is applied, where the pipeline wants that."""
        if graph.on_new_revision is not OnNewRevision.CANCEL:
            return
        with self._lock:
            known = self._runs.get(graph.pipeline)
        if known is not None and known[0].closure != graph.closure:
            known[0].cancel(f"{SUPERSEDED}{snapshot.revision}")

    def _is_due(self, graph: Graph, is_asked: bool) -> bool:
        decision = self._next_attempt(graph)
        if is_asked or decision.due == 0.0:
            return True
        if decision.due is None:
            return False
        if decision.due <= self._site.clock():
            return True
        self._due[graph.pipeline] = decision.due
        self._waiting[graph.pipeline] = f"attempt {decision.attempt} follows"
        return False

    def _next_attempt(self, graph: Graph) -> Decision:
        """What this source's own runs say: one that somebody tried by hand before the push does not count."""
        runs = self._site.state.runs.with_closure(graph.pipeline, graph.closure)
        return next_attempt([run for run in runs if run.source == self._settings.name], self._settings.retries)

    def _carry_out(self, plan: PipelinePlan, actual: Actual, desired: Desired, trigger: str) -> str:
        order = self._order(desired, trigger, self._next_attempt(plan.graph).attempt)
        if plan.action is PipelineAction.RESTORE:
            return restore(self._site, plan, order).id
        run = new_run(self._site, plan, actual, self._mirror.objects, order)
        self._start(plan.name, run)
        return plan.name

    def _order(self, desired: Desired, trigger: str, attempt: int) -> Order:
        return Order(self._settings.name, desired.snapshot.revision, trigger, self._origin(desired), attempt)

    def _origin(self, desired: Desired) -> Origin:
        return Origin(self._address, self._settings.branch, desired.snapshot.commit or "")

    def _start(self, pipeline: str, run: PipelineRun) -> None:
        thread = threading.Thread(target=self._go, args=(pipeline, run), name=f"run {pipeline}", daemon=True)
        with self._lock:
            self._runs[pipeline] = (run, thread)
            self._is_idle.clear()
        thread.start()

    def _go(self, pipeline: str, run: PipelineRun) -> None:
        try:
            ended = run.go()
            log.info("%s %s%s", ended.id, ended.status, f": {ended.error}" if ended.error else "")
        except Exception as error:  # a fault of ours must not leave the run looking alive
            log.exception("run of %s broke off", pipeline)
            run.give_up(f"{type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._runs.pop(pipeline, None)
                self._is_dirty = True
                if not self._runs:
                    self._is_idle.set()
            self._on_change()

    def resume(self) -> list[str]:
        """Take up the runs that an earlier process left in the middle; returns their ids."""
        resumed = []
        for run in self._site.state.runs.running():
            if run.source != self._settings.name:
                continue
            try:
                self._resume(run)
                resumed.append(run.id)
            except ReconcilerError as error:
                abandon(self._site, run, RunStatus.FAILED, f"cannot be taken up again: {error}")
        return resumed

    def _resume(self, run: Run) -> None:
        commit = run.revision.rpartition("sha1:")[2]
        snapshot = self._mirror.snapshot(commit)
        site = self._site
        planner = Planner(site.state, self._settings.data_roots, site.base_images, site.remote_data)
        desired = planner.load(snapshot, self._mirror.objects)
        graphs = planner.graphs(desired)
        graph = next((graph for graph in graphs if graph.pipeline == run.pipeline), None)
        fired = site.state.schedules.of_run(run.id)
        if fired is not None:
            schedule = next((each for each in desired.schedules if each.name == fired.schedule), None)
            graph = planner.fire(schedule, desired, fired.moment).graph if schedule else None
        if graph is None or graph.closure != run.closure:
            raise ReconcilerError(f"{run.revision} does not hold it any more")
        actual = replace(planner.actual(self._settings.name, [graph], is_forced=True), running={})
        plan = plan_pipeline(graph, actual, is_forced=True)
        origin = self._order(desired, run.trigger, run.attempt).origin
        self._start(run.pipeline, PipelineRun(self._site, run, plan, actual, self._mirror.objects, origin))

    def save_resources(self) -> None:
        """Say how every resource of the applied revision stands."""
        if self._applied is None:
            return
        unsupported = {
            graph.pipeline: "; ".join(f"job {name}: {why}" for name, why in graph.unsupported)
            for graph in self._applied.graphs
            if graph.unsupported
        }
        resources = resources_of(
            self._applied.desired,
            self._site.state,
            self._settings.name,
            self._waiting,
            unsupported,
            self._schedules.conditions(self._applied.desired.schedules, self._applied.firings),
        )
        self._site.state.sources.save_resources(self._settings.name, resources, self._site.clock())

    def cancel(self, run_id: str) -> bool:
        """Have a run end; False where it is not one that this process carries out."""
        with self._lock:
            run = next((run for run, _ in self._runs.values() if run.id == run_id), None)
        if run is None:
            return False
        run.cancel(ENDED_BY_HAND)
        return True

    def stop(self) -> None:
        """Interrupt what runs, so that the next process takes it up, and wait until it stands still."""
        with self._lock:
            runs = list(self._runs.values())
        for run, _ in runs:
            run.interrupt()
        if self._site.remote_data is not None:
            self._site.remote_data.abandon()
        for _, thread in runs:
            thread.join()
        self.save_resources()
        self._mirror.close()

    def wait(self) -> None:
        """Wait until no run is under way."""
        self._is_idle.wait()
