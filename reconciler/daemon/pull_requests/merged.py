"""What came of a merged pull request, told once the runs of its merge are over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reconciler.daemon.pull_requests.figures import RunFigures, figures_of, run_before
from reconciler.daemon.pull_requests.statuses import status_of
from reconciler.daemon.pull_requests.wording import Links, merged_blocks
from reconciler.forges.base import Forge
from reconciler.model.manifests import Kind
from reconciler.model.pull_requests import PullRequestSettings, ToldPullRequest
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import ConditionType
from reconciler.review.markdown import LIMIT, fitted
from reconciler.source.commits import is_contained
from reconciler.source.mirror import Mirror
from reconciler.state.history import APPLIED, RevisionOutcome
from reconciler.state.revisions import Revisions, commit_of
from reconciler.state.sources import SourceState
from reconciler.state.store import State

MARKER = "merged"
_FOR_MARKER = 136
_LOOKED_AT = 50  # revisions: a merge is among the newest, or was never applied
_PATIENCE_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Summaries:
    """Sums up the merges of one source.

    Attributes:
        sets_statuses: whether commits get the statuses of their runs from here, and not from a notification.
        clock: seconds since the epoch.
    """

    source: str
    settings: PullRequestSettings
    state: State
    forge: Forge
    mirror: Mirror
    links: Links
    sets_statuses: bool
    clock: Callable[[], float]
    _found: dict[str, tuple[tuple[str, str], str]] = field(default_factory=dict)

    def sum_up(self, told: ToldPullRequest) -> bool:
        """Tell what a merge came to; False where that is not known yet.

        Raises:
            ForgeError: the forge does not take it.
        """
        revision = self._revision_with(told.merge_commit)
        if not revision or self._goes_on(revision):
            return self.clock() - told.merged > _PATIENCE_SECONDS
        figures = self._figures(revision)
        if self.settings.has_comment:
            limit = min(self.forge.longest_body, LIMIT) - _FOR_MARKER
            body = fitted(merged_blocks(revision, figures, self.links), limit, self.forge.is_folding)
            self.forge.upsert_comment(told.number, MARKER, body)
        if self.sets_statuses:
            commit = self.mirror.git.run("rev-parse", told.merge_commit).decode().strip()  # a forge may tell its start
            for each in figures:
                self.forge.set_status(status_of(commit, each, self.links))
        self._found.pop(told.merge_commit, None)
        return True

    def _revision_with(self, commit: str) -> str:
        """The first revision that was applied with a commit in it, "" where none was."""
        newest = self.state.history.revisions(self.source, _LOOKED_AT)
        if not newest:
            return ""
        seen, found = self._found.get(commit, (None, ""))
        now = (newest[0].revision, newest[0].outcome)
        if seen != now:  # git is asked once for each revision
            found = self._looked_up(commit, newest)
            self._found[commit] = now, found
        return found

    def _looked_up(self, commit: str, newest: Iterable[RevisionOutcome]) -> str:
        if not self.mirror.has(commit):
            return ""
        applied = [each for each in newest if each.outcome == APPLIED and self.mirror.has(commit_of(each.revision))]
        holding = [each for each in applied if is_contained(self.mirror.git, commit, commit_of(each.revision))]
        return min(holding, key=lambda each: each.first).revision if holding else ""

    def _goes_on(self, revision: str) -> bool:
        """Whether something that the revision asks for is not over: runs, or what they wait for."""
        if any(run.status is RunStatus.RUNNING for run in Revisions(self.state.database).runs(self.source, revision)):
            return True
        now = self.state.sources.get(self.source) or SourceState(self.source, "", "")
        return now.applied_revision == revision and any(
            condition.type is ConditionType.RECONCILING and condition.status
            for resource in self.state.sources.resources(self.source)
            if resource.kind is Kind.PIPELINE
            for condition in resource.conditions
        )

    def _figures(self, revision: str) -> list[RunFigures]:
        """The newest run of each pipeline of the revision, beside what counted before."""
        newest: dict[str, Run] = {}
        for run in Revisions(self.state.database).runs(self.source, revision):
            newest[run.pipeline] = run
        return [figures_of(self.state, name, run, run_before(self.state, run)) for name, run in newest.items()]
