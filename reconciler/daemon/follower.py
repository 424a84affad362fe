"""One followed source: what it holds now, what is applied of it, and how that stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.daemon.asked_runs import AskedRuns, Begun
from reconciler.daemon.conditions import resources_of
from reconciler.daemon.drift import DriftWatch
from reconciler.daemon.drifted import with_drift
from reconciler.daemon.freezes import Freezes
from reconciler.daemon.healing import heal
from reconciler.daemon.holds import Holds
from reconciler.daemon.intake import Intake
from reconciler.daemon.interrupted import continued
from reconciler.daemon.orphans import orphans
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.pinned import PinnedPipelines, with_pinned
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.schedules import SourceSchedules
from reconciler.daemon.source_record import SourceRecord
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.starter import INTERVAL, Starter
from reconciler.daemon.upgrades import Upgrades
from reconciler.execution.carry_out import abandon
from reconciler.execution.site import Site
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.events import event_of_taking_up
from reconciler.model.manifests import Kind
from reconciler.model.runs import RunStatus
from reconciler.model.suspensions import Suspension
from reconciler.source.mirror import Mirror

RUN_ENDED = "run ended"
_PATIENCE_SECONDS = 5.0  # a push that is cut off does no harm


class Follower:
    """Brings one source's actual state to its desired one; called by one thread at a time.

    Args:
        runs: those that are under way of this source already.
        names: what pipelines other sources have.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        mirror: Mirror,
        on_change: Callable[[], None],
        runs: RunsUnderWay | None = None,
        names: PipelineNames | None = None,
    ) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror
        self._on_change = on_change
        self._planner = Planner(site.state, settings.data_roots, site.base_images, site.remote_data, settings.folder)
        self._schedules = SourceSchedules(site.state, settings.name, site.clock)
        self._runs = runs or RunsUnderWay()
        self._runs.listen(self._look_again)
        self._names = names or PipelineNames(site.state)
        self._names.listen(settings.name, self._look_again)
        self._holds = Holds(site.state, settings.name)
        self._pinned = PinnedPipelines(site, settings, mirror)
        freezes = Freezes(settings.windows, settings.name, site.clock)
        self._starter = Starter(
            site, settings, mirror.objects, self._planner, self._schedules, self._runs, self._holds, freezes
        )
        self._asked = AskedRuns(site, settings, mirror.objects, self._planner, self._runs, self._holds, freezes)
        self._record = SourceRecord(site.state, settings.name, settings.address, settings.branch, site.clock)
        self._upgrades = Upgrades(settings.upgrades, mirror, site.clock, self._look_again, self._record.pushed_upgrades)
        self._drift = DriftWatch(site, settings.upkeep, self._look_again)
        self._intake = Intake(site, settings, mirror, self._planner, self._record, self._holds)
        self._brought_by = self._looked_for = "start"
        self._has_looked = False
        self._ran: frozenset[str] = frozenset()
        self._is_dirty = True
        site.environments.notify(self._look_again)

    def next_due(self) -> float | None:
        """When a retry, a schedule or the branch of upgrades is due, seconds since the epoch; None where none is."""
        if self._holds.source is not None:
            return None
        due = (self._starter.next_due(), self._upgrades.next_due())
        return min((moment for moment in due if moment is not None), default=None)

    def next_look(self) -> float | None:
        """When drift is looked for next; None while nothing is applied, or nothing is to be done."""
        return None if self._intake.applied is None or self._holds.source is not None else self._drift.next_due()

    def retry(self) -> None:
        """A retry may be due: look at the pipelines again even though nothing was pushed."""
        self._is_dirty = True
        self._starter.forget_due()

    def refresh_images(self) -> None:
        """Have the names of images resolved anew: what they mean now is what is applied from here on."""
        self._site.state.image_pins.forget()
        self._intake.applied = None

    def confirm_prune(self) -> None:
        """Let the next look take up a revision however much it takes away."""
        self._intake.is_prune_confirmed = True

    def ask_for_drift(self) -> None:
        """Have what differs with no new commit looked for at the next look."""
        self._drift.ask()

    def reconcile(self, trigger: str, is_asked: bool = False, is_overriding: bool = False) -> Outcome:
        """Look at the source once, and start what has to be done.

        With `is_asked`, a person asked for it: failed pipelines are tried again at once. What a run held up is due to
        what brought the newest revision, not to the end of that run. With `is_overriding`, what is frozen starts too.
        """
        self._has_looked = True
        if self._holds.look():
            self._is_dirty = True
        if self._holds.source is not None:
            return self._stand_still(self._holds.source, is_asked)
        if is_asked and self._site.remote_data is not None:
            self._site.remote_data.forget()
        if is_asked and self._intake.is_unread:  # whose signature counts may have changed
            self._intake.attempted = ""
        before = self._intake.attempted
        self._looked_for = INTERVAL if trigger == RUN_ENDED else trigger
        outcome = self._intake.look(self._looked_for)
        self._intake.is_prune_confirmed = False
        self._is_dirty |= self._intake.has_taken_up
        self._intake.has_taken_up = False
        if self._intake.attempted != before:
            self._brought_by = self._looked_for
        if trigger == RUN_ENDED:
            trigger = self._brought_by
            self._take_up_registered()
        newest = self._intake.applied_or_recalled()
        if newest is None:
            return outcome
        applied = self._with_pinned(newest)
        self._look_for_drift(applied, is_thorough=is_asked or trigger == INTERVAL)
        if not (self._is_dirty or is_asked or self._schedules.is_due()):
            return outcome
        if newest.desired.has_unpinned_bases or (is_asked and newest.desired.has_outside_data):  # others by now
            newest = self._intake.load_again(newest)
            applied = self._with_pinned(newest)
        self._is_dirty = False  # from here on, what changes is looked at next time
        self._starter.taken = self._names.claim(self._settings.name, newest.pipelines)
        started = tuple(self._starter.start(applied, trigger, is_asked, is_overriding))
        started += self._mended(applied)
        self.save_resources()
        if self._intake.to_record is not None:  # a revision is applied only once what it asks for was started
            self._record.applied(self._intake.to_record, self._brought_by)
            self._intake.to_record = None
        self._record.note(self._notes())
        if self._holds.pin is None:  # upgrades are made of the newest revision alone
            self._upgrades.follow(newest.desired, lambda: self._planner.actual(self._settings.name, ()))
        return replace(outcome, started=started)

    def _with_pinned(self, applied: Loaded) -> Loaded:
        """What is applied, pipelines that somebody rolled back as they were then."""
        self._starter.pinned = self._pinned.of(self._holds.pins)
        return with_pinned(applied, self._starter.pinned)

    def _look_for_drift(self, applied: Loaded, is_thorough: bool) -> None:
        """Look for environments that are gone, which takes an answer of the engine; for all else when it is time to."""
        if is_thorough or self._drift.has_broken_environments:
            origin = self._settings.origin(applied.desired.snapshot.commit)
            heals_itself = self._settings.upkeep.heals_itself
            if heal(self._site, applied.environments, self._mirror.objects, origin, heals_itself):
                self._is_dirty = True
        if self._drift.is_due():
            self._drift.look(applied, self._schedules)

    def _mended(self, applied: Loaded) -> tuple[str, ...]:
        """Start the runs that mend what was found."""
        if not self._settings.upkeep.heals_itself or not self._drift.findings:
            return ()
        return tuple(self._starter.mend(applied, self._drift.findings))

    def _notes(self) -> str:
        return "; ".join(filter(None, (self._upgrades.told, self._drift.trouble)))

    def _stand_still(self, why: Suspension, is_asked: bool) -> Outcome:
        """Nothing is fetched, applied or started; what runs goes on, and how it stands is still told."""
        self._is_dirty = True  # once it is resumed, everything is looked at
        applied = self._intake.applied_or_recalled()
        if applied is not None:
            self._starter.stand_still(applied)
            self.save_resources()
        if not is_asked:
            return Outcome()
        return Outcome(error=f"source {why.name} is {why.told}; `reconciler resume source {why.name}` lets go of it")

    def _take_up_registered(self) -> None:
        """A run may have registered data that other pipelines refer to."""
        applied = self._intake.applied
        if applied is not None and applied.desired.registered != self._site.state.assets.all():
            self._intake.load_again(applied)
            self._is_dirty = True

    def _look_again(self) -> None:
        """A run ended, or something else is to be said of an environment; in the thread of either."""
        self._is_dirty = True
        self._on_change()

    def resume(self) -> list[str]:
        """Take up the runs that an earlier process left in the middle; returns their ids."""
        resumed = []
        for run in self._site.state.runs.running():
            if run.source != self._settings.name or self._runs.of(run.pipeline) is not None:
                continue
            try:
                self._runs.start(run.pipeline, continued(run, self._site, self._settings, self._mirror))
                self._site.state.events.record([event_of_taking_up(run)], self._site.clock())
                resumed.append(run.id)
            except ReconcilerError as error:
                abandon(self._site, run, RunStatus.FAILED, f"cannot be taken up again: {error}")
        return resumed

    def save_resources(self, only: frozenset[str] | None = None) -> None:
        """Say how every resource of the applied revision stands, or only pipelines of these names."""
        if self._intake.applied is None:
            return
        unsupported = {
            graph.pipeline: "; ".join(f"job {name}: {why}" for name, why in graph.unsupported)
            for graph in self._intake.applied.graphs
            if graph.unsupported
        }
        resources = resources_of(
            self._intake.applied.desired,
            self._site.state,
            self._settings.name,
            self._starter.waiting,
            unsupported,
            self._schedules.conditions(self._intake.applied.desired.schedules, self._intake.applied.firings),
            self._intake.mutated,
            self._starter.taken,
            self._starter.frozen,
            {name: pinned.trouble for name, pinned in self._starter.pinned.items() if pinned.trouble},
        )
        resources = with_drift(resources, self._drift.findings, self._settings.upkeep.heals_itself)
        resources.extend(orphans(self._site.state.sources, self._settings.name, self._intake.applied.desired))
        if only is not None:
            resources = [each for each in resources if each.kind is Kind.PIPELINE and each.name in only]
        self._site.state.sources.save_resources(self._settings.name, resources, self._site.clock())

    def run(self, asked: AskedRun) -> Begun:
        """Start a run that somebody asks for, of the revision that is applied.

        Raises:
            UsageError: it cannot be run, or something is in the way.
        """
        if self._holds.look():
            self._is_dirty = True
        newest = self._intake.applied_or_recalled()
        if newest is None:
            raise UsageError("no revision is applied yet", place=self._settings.address)
        if asked.pipeline in self._starter.taken:
            told = f"pipeline {asked.pipeline} is one of source {self._starter.taken[asked.pipeline]}"
            raise UsageError(told, hint=f"run that one, or give the one of {self._settings.name} another name")
        applied = self._with_pinned(newest)
        pinned = self._starter.pinned.get(asked.pipeline)
        if pinned is not None and pinned.desired is not None:
            applied = replace(applied, desired=pinned.desired)
        begun = self._asked.start(asked, applied)
        self._ran |= {asked.pipeline}
        self._starter.frozen.pop(asked.pipeline, None)
        self.save_resources(self._ran)
        return begun

    def cancel(self, run_id: str) -> bool:
        """Have a run end; False where it is not one that this process carries out."""
        return self._runs.cancel(run_id)

    def retire(self) -> None:
        """Do nothing more, but let what runs go on to its end; blocks until it has come there.

        Another follower of the same source may have taken over meanwhile, with its runs.
        """
        self._site.environments.notify_no_more(self._look_again)
        self._drift.stop(_PATIENCE_SECONDS)
        self._upgrades.wait(_PATIENCE_SECONDS)
        self._runs.listen(self._names.tell, instead_of=self._look_again)
        self._names.release(self._settings.name, self._look_again)
        self._runs.wait()
        self._mirror.close()

    def stop(self) -> None:
        """Interrupt what runs, so that the next process takes it up, and wait until it stands still."""
        self._runs.interrupt()
        if self._site.remote_data is not None:
            self._site.remote_data.abandon()
        self._runs.wait()
        self._drift.stop(_PATIENCE_SECONDS)
        self._upgrades.wait(_PATIENCE_SECONDS)
        self._record.note(self._notes())
        self.save_resources(None if self._has_looked else self._ran)  # of the rest, who never looked knows nothing
        self._mirror.close()

    def wait_for_drift(self) -> None:
        """Wait until no look for drift is under way."""
        self._drift.wait()

    def wait(self) -> None:
        """Wait until no run is under way, and the branch of upgrades is seen to."""
        self._runs.wait()
        self._upgrades.wait()
