"""What is new in a source: fetched, loaded, and applied only if nothing in it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.daemon.holds import Holds
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.planner import Loaded, Planned, Planner
from reconciler.daemon.progress import Progress
from reconciler.daemon.refusals import refusal
from reconciler.daemon.retries import Tries, backoff_within
from reconciler.daemon.source_record import SourceRecord
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.log_facts import note
from reconciler.model.errors import SourceError
from reconciler.model.manifests import Kind
from reconciler.model.snapshot import EntryKind, Snapshot
from reconciler.model.status import Condition, stalled, transient, waits
from reconciler.planning.pruning import too_much_said
from reconciler.source.mirror import Mirror

INTERVAL = "interval"


class Intake:
    """Takes up the revisions of one source, one after the other.

    Attributes:
        applied: the newest revision in which nothing is wrong; None before the first.
        attempted: the commit that was looked at last, "" to have it looked at again.
        mutated: what the refused revision does to versions of resources.
        to_record: the applied revision, until it is recorded as such.
        has_taken_up: whether a revision was looked at that was not before; whoever heeds it takes it back.
        is_prune_confirmed: the next look takes up a revision however much it takes away.
        is_unread: whether the newest revision was refused before its manifests were read.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        mirror: Mirror,
        planner: Planner,
        record: SourceRecord,
        holds: Holds,
        progress: Progress,
    ) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror
        self._planner = planner
        self._record = record
        self._holds = holds
        self._progress = progress
        self._newest = Outcome()
        self._why_away = ""
        self._trigger = "start"
        self._snapshot: Snapshot | None = None
        backoff = backoff_within(settings.interval)
        self._asking, self._looking_up = Tries(backoff, site.clock), Tries(backoff, site.clock)
        self.applied: Loaded | None = None
        self.attempted = ""
        self.mutated: Mapping[tuple[Kind, str], str] = {}
        self.to_record: Snapshot | None = None
        self.has_taken_up = False
        self.is_prune_confirmed = False
        self.is_unread = False

    def look(self, trigger: str) -> Outcome:
        """Take up what is new in the source; where nothing is, what came of the newest revision.

        Args:
            trigger: what this look is due to.
        """
        self._trigger = trigger
        is_due = trigger != INTERVAL or not self._looking_up.is_early
        is_again = self._is_data_missing and is_due
        try:
            pin = self._holds.pin
            is_other = pin is not None and (self.attempted != pin.commit or is_again)
            if pin is not None and is_other and self._mirror.has(pin.commit):
                self._record.pin(pin.told)
                return self._taken_up(pin.commit)
            if trigger == INTERVAL and self._asking.is_early:
                return Outcome(error=self._why_away)
            self._progress.at(f"asking {self._settings.address} what it holds")
            head = self._mirror.remote_head()
            self._asking.succeeded()
            if pin is not None:
                self._record.pin(f"{pin.told}; {_newest(self._settings.branch, head)}")
                self._record.back()
                return self._newest
            self._record.pin("")
            is_new = head != self.attempted or self._mirror.has_other_tags or is_again or self.is_prune_confirmed
            if head is not None and is_new:
                self._progress.at(f"fetching {head[:12]} from {self._settings.address}")
                self._mirror.fetch(head)
                self._look_for_rewriting(head)
                return self._taken_up(head)
        except SourceError as error:
            return self._away(error)
        if head is None:
            self._looking_up.succeeded()
            message = f"{self._settings.address} has no {self._settings.followed.told} yet"
            self._record.away(waits("NoRevision", message))
            return Outcome()
        self._record.back()
        return self._newest

    def _look_for_rewriting(self, head: str) -> None:
        """Say so where the branch does not follow from what was seen of it last."""
        before = self.attempted or self._record.last_applied_commit()
        if before != head:
            self._record.rewritten(before if before and self._mirror.is_rewritten(before, head) else "")

    def next_due(self) -> float | None:
        """When what failed is tried again, seconds since the epoch; None where nothing did."""
        return self._looking_up.due if self._asking.due is None else self._asking.due

    def try_at_once(self) -> None:
        """Somebody asks for it: what failed is tried now, and as though it had never failed."""
        self._asking.succeeded()
        self._looking_up.succeeded()

    @property
    def _is_data_missing(self) -> bool:
        """Whether the newest revision was refused as a store is away, or holds nothing yet."""
        return self._looking_up.failures > 0

    def _away(self, error: SourceError) -> Outcome:
        if self._mirror.is_abandoned:  # we are about to end, and that is all that can be told
            return Outcome(error=str(error))
        self._asking.failed()
        self._why_away = str(error)
        self._record.away(transient("SourceUnavailable", str(error), self._asking.failures, self._asking.due))
        return Outcome(error=str(error))

    def _taken_up(self, commit: str) -> Outcome:
        taken_up = self._take_up(commit)
        self._newest = replace(taken_up, plan=None)
        self.has_taken_up = True
        return taken_up

    def _take_up(self, head: str) -> Outcome:
        """Load a revision that is here; it is applied only if nothing in it is wrong."""
        self._progress.at(f"reading {head[:12]}")
        snapshot = self._mirror.snapshot(head, self._snapshot)
        note(revision=snapshot.revision)
        self._record.taken_up(snapshot, self._trigger)
        self._progress.at(f"checking {snapshot.revision}")
        unread = self._why_unread(head, snapshot)
        self.is_unread = bool(unread)
        if unread:
            self._looking_up.succeeded()
            self.attempted = head
            self._record.refused(snapshot, unread, self._trigger)
            return Outcome(snapshot.revision, error=unread[-1].message)
        self._progress.at(f"planning {snapshot.revision}, with the data and images that it names")
        planned = self._planner.plan(snapshot, self._mirror, self._settings.name)
        self._progress.at(f"taking up {snapshot.revision}")
        plan, problems = planned.plan, planned.plan.problems
        self._snapshot, self.attempted = snapshot, head
        # A store that is away, or holds nothing yet, says nothing against the revision: it is looked at again.
        if plan.has_errors and planned.desired.has_passing_trouble:
            self._looking_up.failed()
        else:
            self._looking_up.succeeded()
        if plan.has_errors:
            refused = refusal(planned.desired, problems, self._mirror)
            self.mutated = refused.mutated
            conditions, tries = refused.conditions, self._looking_up
            if refused.is_passing:
                conditions = transient("DataUnavailable", refused.message, tries.failures, tries.due)
            self._record.refused(snapshot, conditions, self._trigger)
            return Outcome(snapshot.revision, plan, refused.problems, error=refused.message)
        self.mutated = {}
        too_much = self._too_much_said(planned)
        if too_much:
            self._record.refused(snapshot, stalled("PruneTooLarge", too_much), self._trigger)
            return Outcome(snapshot.revision, plan, problems, error=too_much)
        self._mirror.keep(head)
        self.applied = planned.loaded()
        gone = [(pruned.kind, pruned.name) for pruned in plan.prune]
        self._site.state.sources.remove_resources(self._settings.name, gone, snapshot.revision, self._site.clock())
        self._planner.keep_versions(planned, self._mirror, self._settings.name)
        self.to_record = snapshot
        return Outcome(snapshot.revision, plan, problems)

    def _why_unread(self, head: str, snapshot: Snapshot) -> tuple[Condition, ...]:
        """Why no manifest of a revision is even read; nothing where they are.

        Raises:
            SourceError: signatures cannot be checked.
        """
        verification, folder = self._settings.verification, self._settings.folder
        said = self._mirror.why_unverified(head, verification) if verification else ""
        if said:
            return stalled("NotVerified", said)
        entry = snapshot.entry(folder)
        if entry is None or entry.kind is not EntryKind.TREE:
            return stalled("PathNotFound", f"{snapshot.revision} has no folder `{folder}`, whose manifests would count")
        return ()

    def _too_much_said(self, planned: Planned) -> str:
        """Why somebody has to confirm what a revision takes away, "" where nobody has to, or somebody has."""
        if self.is_prune_confirmed or self._holds.pin is not None:  # who rolls back, means it
            return ""
        applied, most = planned.actual.applied, self._settings.upkeep.max_prune
        said = too_much_said(planned.plan.prune, planned.desired, applied, most)
        hint = f"`reconciler reconcile {self._settings.name} --confirm-prune` applies it all the same"
        return f"{said}; {hint}" if said else ""

    def applied_or_recalled(self) -> Loaded | None:
        """What is applied; after a start, what an earlier process applied last."""
        if self.applied is None:
            self.applied = self._recall()
        return self.applied

    def take_up_registered(self) -> bool:
        """A run may have registered data that other pipelines refer to; True where one has."""
        applied = self.applied
        if applied is None or applied.desired.registered == self._site.state.assets.all():
            return False
        self.load_again(applied)
        return True

    def load_again(self, applied: Loaded) -> Loaded:
        """What is applied, with what it depends on outside of the repository as that is now."""
        self.applied = self._recall() or applied
        return self.applied

    def _recall(self) -> Loaded | None:
        """What an earlier process applied last: it holds as long as the source gives nothing better."""
        commit = self._record.last_applied_commit()
        if not commit or not self._mirror.has(commit):
            return None
        planned = self._planner.plan(self._mirror.snapshot(commit), self._mirror.applied, self._settings.name)
        return None if planned.plan.has_errors else planned.loaded()


def _newest(followed: str, head: str | None) -> str:
    """Where what is followed is, beside a source that is pinned."""
    return f"{followed} is at sha1:{head[:10]}" if head else f"there is no {followed} any more"
