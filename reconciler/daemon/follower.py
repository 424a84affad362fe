"""One followed source: what it holds now, what is applied of it, and how that stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.daemon.conditions import resources_of
from reconciler.daemon.healing import heal
from reconciler.daemon.interrupted import continued
from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.refusals import refusal
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.schedules import SourceSchedules
from reconciler.daemon.source_record import SourceRecord
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.starter import Starter
from reconciler.daemon.upgrades import Upgrades
from reconciler.execution.carry_out import abandon
from reconciler.execution.site import Site
from reconciler.model.errors import ReconcilerError
from reconciler.model.manifests import Kind
from reconciler.model.plan import Plan
from reconciler.model.problems import Problem
from reconciler.model.runs import RunStatus
from reconciler.model.snapshot import Snapshot
from reconciler.model.status import reconciling
from reconciler.source.mirror import Mirror

RUN_ENDED, INTERVAL = "run ended", "interval"
_PATIENCE_SECONDS = 5.0  # a push that is cut off does no harm


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
        self._schedules = SourceSchedules(site.state, settings.name, site.clock)
        self._runs = RunsUnderWay(on_end=self._look_again)
        self._starter = Starter(site, settings, mirror.objects, self._planner, self._schedules, self._runs)
        self._record = SourceRecord(site.state.sources, settings.name, settings.address, settings.branch, site.clock)
        self._upgrades = Upgrades(settings.upgrades, mirror, site.clock, self._look_again)
        self._newest = Outcome()
        self._mutated: Mapping[tuple[Kind, str], str] = {}
        self._brought_by = "start"
        self._applied: Loaded | None = None
        self._attempted = ""
        self._is_data_missing = False
        self._snapshot: Snapshot | None = None
        self._to_record: Snapshot | None = None
        self._is_dirty = True
        site.environments.notify(self._look_again)

    def next_due(self) -> float | None:
        """When a retry, a schedule or the branch of upgrades is due, seconds since the epoch; None where none is."""
        due = (self._starter.next_due(), self._upgrades.next_due())
        return min((moment for moment in due if moment is not None), default=None)

    def retry(self) -> None:
        """A retry may be due: look at the pipelines again even though nothing was pushed."""
        self._is_dirty = True
        self._starter.forget_due()

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
            origin = self._settings.origin(self._applied.desired.snapshot.commit)
            if heal(self._site, self._applied.environments, self._mirror.objects, origin):
                self._is_dirty = True
        if not (self._is_dirty or is_asked or self._schedules.is_due()):
            return outcome
        desired = self._applied.desired
        if desired.has_unpinned_bases or (is_asked and desired.has_outside_data):  # they may be others by now
            self._applied = self._recall() or self._applied
        self._is_dirty = False  # from here on, what changes is looked at next time
        started = tuple(self._starter.start(self._applied, trigger, is_asked))
        self.save_resources()
        if self._to_record is not None:  # a revision is applied only once what it asks for was started
            self._record.applied(self._to_record)
            self._to_record = None
        self._record.note(self._upgrades.told)
        self._upgrades.follow(self._applied.desired, lambda: self._planner.actual(self._settings.name, ()))
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
            is_new = head != self._attempted or self._mirror.has_other_tags or self._is_data_missing
            if head is not None and is_new:
                taken_up = self._take_up(head)
                self._newest = replace(taken_up, plan=None)
                self._is_dirty = True
                return taken_up
        except ReconcilerError as error:
            self._record.away(reconciling("SourceUnavailable", str(error)))
            return Outcome(error=str(error))
        if head is None:
            message = f"{self._settings.address} has no branch `{self._settings.branch}` yet"
            self._record.away(reconciling("NoRevision", message))
            return Outcome()
        self._record.back()
        return self._newest

    def _take_up(self, head: str) -> Outcome:
        """Load a new revision; it is applied only if nothing in it is wrong."""
        self._mirror.fetch(head)
        snapshot = self._mirror.snapshot(head, self._snapshot)
        planned = self._planner.plan(snapshot, self._mirror, self._settings.name)
        plan, problems = planned.plan, planned.plan.problems
        self._snapshot, self._attempted = snapshot, head
        # A store that is away, or holds nothing yet, says nothing against the revision: it is looked at again.
        self._is_data_missing = plan.has_errors and planned.desired.has_passing_trouble
        if plan.has_errors:
            refused = refusal(planned.desired, problems, self._mirror)
            self._mutated = refused.mutated
            self._record.refused(snapshot, refused.reason, refused.message)
            return Outcome(snapshot.revision, plan, refused.problems, error=refused.message)
        self._mutated = {}
        self._mirror.keep(head)
        self._applied = planned.loaded()
        gone = [(pruned.kind, pruned.name) for pruned in plan.prune]
        self._site.state.sources.remove_resources(self._settings.name, gone)
        self._planner.keep_versions(planned, self._mirror)
        self._to_record = snapshot
        return Outcome(snapshot.revision, plan, problems)

    def _look_again(self) -> None:
        """A run ended, or something else is to be said of an environment; in the thread of either."""
        self._is_dirty = True
        self._on_change()

    def _recall(self) -> Loaded | None:
        """What an earlier process applied last: it holds as long as the source gives nothing better."""
        commit = self._record.last_applied_commit()
        if not commit or not self._mirror.has(commit):
            return None
        planned = self._planner.plan(self._mirror.snapshot(commit), self._mirror.applied, self._settings.name)
        return None if planned.plan.has_errors else planned.loaded()

    def resume(self) -> list[str]:
        """Take up the runs that an earlier process left in the middle; returns their ids."""
        resumed = []
        for run in self._site.state.runs.running():
            if run.source != self._settings.name:
                continue
            try:
                self._runs.start(run.pipeline, continued(run, self._site, self._settings, self._mirror))
                resumed.append(run.id)
            except ReconcilerError as error:
                abandon(self._site, run, RunStatus.FAILED, f"cannot be taken up again: {error}")
        return resumed

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
            self._starter.waiting,
            unsupported,
            self._schedules.conditions(self._applied.desired.schedules, self._applied.firings),
            self._mutated,
        )
        self._site.state.sources.save_resources(self._settings.name, resources, self._site.clock())

    def cancel(self, run_id: str) -> bool:
        """Have a run end; False where it is not one that this process carries out."""
        return self._runs.cancel(run_id)

    def stop(self) -> None:
        """Interrupt what runs, so that the next process takes it up, and wait until it stands still."""
        self._runs.interrupt()
        if self._site.remote_data is not None:
            self._site.remote_data.abandon()
        self._runs.wait()
        self._upgrades.wait(_PATIENCE_SECONDS)
        self._record.note(self._upgrades.told)
        self.save_resources()
        self._mirror.close()

    def wait(self) -> None:
        """Wait until no run is under way, and the branch of upgrades is seen to."""
        self._runs.wait()
        self._upgrades.wait()
