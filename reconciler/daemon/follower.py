"""One followed source: what it holds now, what is applied of it, and how that stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.daemon.asked_runs import AskedRuns, Begun
from reconciler.daemon.broken_turns import BrokenTurns
from reconciler.daemon.follower_end import FollowerEnd
from reconciler.daemon.freezes import Freezes
from reconciler.daemon.holds import Holds
from reconciler.daemon.intake import INTERVAL, Intake
from reconciler.daemon.interrupted import take_up
from reconciler.daemon.mending import Mending
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.pinned import PinnedPipelines, with_pinned
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.planner import Loaded, Planner
from reconciler.daemon.previews import Previews
from reconciler.daemon.progress import Progress
from reconciler.daemon.retries import Tries, backoff_within
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.schedules import SourceSchedules
from reconciler.daemon.source_record import record_of
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.standing import Standing
from reconciler.daemon.starter import Starter
from reconciler.daemon.upgrades import Upgrades
from reconciler.daemon.waiting_line import WaitingLine
from reconciler.execution.site import Site
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import UsageError
from reconciler.model.previews import AskedPreview
from reconciler.model.suspensions import Suspension
from reconciler.source.mirror import Mirror

RUN_ENDED = "run ended"


class Follower:
    """Brings one source's actual state to its desired one; called by one thread at a time.

    Args:
        runs: those that are under way of this source already.
        names: what pipelines other sources have.
        progress: told what is done.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        mirror: Mirror,
        on_change: Callable[[], None],
        runs: RunsUnderWay | None = None,
        names: PipelineNames | None = None,
        progress: Progress | None = None,
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
        self._line = WaitingLine(site, settings, mirror)
        self._starter = Starter(
            site, settings, mirror.objects, self._planner, self._schedules, self._runs, self._holds, freezes, self._line
        )
        self.previews = Previews(site, settings, mirror, self._runs)
        self._standing = Standing(site.state, settings, self._starter, self._schedules, self._line)
        self._asked = AskedRuns(site, settings, mirror.objects, self._planner, self._runs, self._holds, freezes)
        self._record = record_of(settings, site.state, site.clock)
        self._upgrades = Upgrades(settings.upgrades, mirror, site.clock, self._look_again, self._record.pushed_upgrades)
        self._mending = Mending(site, settings, mirror.objects, self._schedules, self._look_again)
        self._end = FollowerEnd(
            site, settings.name, mirror, self._runs, self._names, self._mending.drift, self._upgrades, self._look_again
        )
        self._progress = progress or Progress()
        self._intake = Intake(site, settings, mirror, self._planner, self._record, self._holds, self._progress)
        self._broken = BrokenTurns(self._record, Tries(backoff_within(settings.interval), site.clock))
        self._brought_by = self._looked_for = "start"
        self._has_looked = False
        self._ran: frozenset[str] = frozenset()
        self._is_dirty = True
        site.environments.notify(self._look_again)
        site.recorder.notify(self._look_again)

    def next_due(self) -> float | None:
        """When a retry, a schedule or the branch of upgrades is due, seconds since the epoch; None where none is.

        After a turn that was broken off nothing is due before the next one.
        """
        if self._holds.source is not None:
            return None
        if self._broken.due is not None:
            return self._broken.due
        due = (self._starter.next_due(), self._upgrades.next_due(), self._intake.next_due())
        return min((moment for moment in due if moment is not None), default=None)

    def next_look(self) -> float | None:
        """When drift is looked for next; None while nothing is applied, or nothing is to be done."""
        is_idle = self._intake.applied is None or self._holds.source is not None
        return None if is_idle else self._mending.drift.next_due()

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

    def ask_for_drift(self, is_thorough: bool = True) -> None:
        """Have what differs with no new commit looked for at the next look; thoroughly, in each output's content."""
        self._mending.drift.ask(is_thorough)

    def reconcile(self, trigger: str, is_asked: bool = False, is_overriding: bool = False) -> Outcome:
        """Look at the source once, and start what has to be done.

        With `is_asked`, a person asked for it: failed pipelines are tried again at once. What a run held up is due to
        what brought the newest revision, not to the end of that run. With `is_overriding`, what is frozen starts too.
        """
        if trigger == INTERVAL and self._broken.is_early:
            return self._broken.outcome
        outcome = self._reconcile(trigger, is_asked, is_overriding)
        self._broken.went_well()
        return outcome

    def broke_off(self, error: Exception) -> Outcome:
        """An error broke a turn off: the next one is taken after a while."""
        self._is_dirty = True
        return self._broken.note(error)

    def _reconcile(self, trigger: str, is_asked: bool, is_overriding: bool) -> Outcome:
        self._has_looked = True
        if self._holds.look():
            self._is_dirty = True
        if self._holds.source is not None:
            return self._stand_still(self._holds.source, is_asked)
        if is_asked:
            self._intake.try_at_once()
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
            self._is_dirty |= self._intake.take_up_registered()
            self.previews.begin()
        self._progress.at("planning what was applied before")
        newest = self._intake.applied_or_recalled()
        if newest is None:
            return outcome
        applied = self._with_pinned(newest)
        self._progress.at("looking for environments that are gone")
        is_lost = self._mending.look(applied, is_thorough=is_asked or trigger == INTERVAL)
        self._is_dirty = is_lost or self._is_dirty  # which is read after the look, whose thread may have set it
        if not (self._is_dirty or is_asked or self._schedules.is_due()):
            return outcome
        self._progress.at("looking up images and data")
        if newest.desired.has_unpinned_bases or (is_asked and newest.desired.has_outside_data):  # others by now
            newest = self._intake.load_again(newest)
            applied = self._with_pinned(newest)
        self._is_dirty = False  # from here on, what changes is looked at next time
        self.previews.adopt(self._intake.to_record)
        self._progress.at("starting runs")
        self._starter.taken = self._names.claim(self._settings.name, newest.pipelines)
        started = tuple(self._starter.start(applied, trigger, is_asked, is_overriding))
        started += self._mending.start(applied, self._starter)
        self._progress.at("telling how things stand")
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

    def _notes(self) -> str:
        return "; ".join(filter(None, (self._upgrades.told, self._mending.trouble)))

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

    def _look_again(self) -> None:
        """A run ended, or something else is to be said of an environment; in the thread of either."""
        self._is_dirty = True
        self._on_change()

    def resume(self) -> list[str]:
        """Take up the runs that an earlier process left in the middle; returns their ids."""
        return take_up(self._runs, self._site, self._settings, self._mirror, self.previews)

    def save_resources(self, only: frozenset[str] | None = None) -> None:
        """Say how every resource of the applied revision stands, or only pipelines of these names."""
        if self._intake.applied is None:
            return
        findings, now = self._mending.drift.findings, self._site.clock()
        self._standing.save(self._intake.applied, self._intake.mutated, findings, now, only)

    def preview(self, asked: AskedPreview) -> str:
        """Run what a pull request would train, and say what that is.

        Raises:
            ReconcilerError: it cannot be fetched, or something in it is wrong.
        """
        commit = self._newest().desired.snapshot.commit
        self._progress.at(f"previewing pull request {asked.number}")
        return self.previews.ask(asked, commit or "")

    def _newest(self) -> Loaded:
        newest = self._intake.applied_or_recalled()
        if newest is None:
            raise UsageError("no revision is applied yet", place=self._settings.address)
        return newest

    def run(self, asked: AskedRun) -> Begun:
        """Start a run that somebody asks for, of the revision that is applied.

        Raises:
            UsageError: it cannot be run, or something is in the way.
        """
        if self._holds.look():
            self._is_dirty = True
        applied = self._with_pinned(self._newest())
        applied = replace(applied, desired=self._starter.desired_of(asked.pipeline, applied.desired))
        begun = self._asked.start(asked, applied, self._starter.taken)
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
        self._end.retire()

    def give_up(self) -> None:
        """Hear of nothing any more: another follower has taken over, whatever the thread of this one is at."""
        self._end.give_up()

    def stop(self) -> None:
        """Interrupt what runs, so that the next process takes it up, and wait until it stands still."""
        self._end.stand_still()
        self._record.note(self._notes())
        self.save_resources(None if self._has_looked else self._ran)  # of the rest, who never looked knows nothing
        self._mirror.close()

    def wait_for_drift(self) -> bool:
        """Wait until no look for drift is under way; returns whether the last one found something."""
        self._mending.drift.settle()
        return bool(self._mending.drift.findings)

    def wait(self) -> None:
        """Wait until no run is under way, and the branch of upgrades is seen to."""
        self._runs.wait()
        self._upgrades.wait()
