"""What is told of an open pull request: its plan and its preview, in one comment and in statuses."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, replace

from reconciler.daemon.pull_requests.figures import RunFigures
from reconciler.daemon.pull_requests.heads import ref_of
from reconciler.daemon.pull_requests.plans import HeadPlanner
from reconciler.daemon.pull_requests.preview_facts import PreviewRuns, preview_runs
from reconciler.daemon.pull_requests.statuses import status_of
from reconciler.daemon.pull_requests.wording import Links, invitation, preview_blocks
from reconciler.forges.base import CommitState, CommitStatus, Forge, PullRequest
from reconciler.forges.errors import ForgeGoneError, RateLimitError
from reconciler.forges.kinds import ForgeKind
from reconciler.model.errors import UsageError
from reconciler.model.pull_requests import PullRequestSettings, ToldPullRequest
from reconciler.review.change import ChangePlan
from reconciler.review.escape import code, shown
from reconciler.review.posting import STATUS, Part, Review, post, review_of
from reconciler.state.store import State

log = logging.getLogger("reconciler")
_LONGEST_TEXT = 140


@dataclass(frozen=True, slots=True)
class _Planned:
    """A plan, and what it was made of."""

    head: str
    applied: str
    change: ChangePlan


class Reviewer:
    """Reviews the pull requests of one source; called by one thread at a time."""

    def __init__(
        self, source: str, settings: PullRequestSettings, state: State, forge: Forge, planner: HeadPlanner, links: Links
    ) -> None:
        self._source = source
        self._settings = settings
        self._state = state
        self._forge = forge
        self._planner = planner
        self._links = links
        self._plans: dict[int, _Planned] = {}

    def review(self, told: ToldPullRequest, pull: PullRequest, applied: str) -> ToldPullRequest:
        """Tell what is new, and return what is told now; where nothing is, nobody is asked anything.

        Args:
            applied: the commit that is applied.

        Raises:
            ForgeError: the forge takes nothing of it, or not now.
            SourceError: the head cannot be brought here.
        """
        runs = preview_runs(self._state, self._source, pull.number)
        known = _digest(pull.head_commit, applied, told.note, told.is_refused, *runs.marks)
        if known == told.told:
            return told
        made, figures = self._made(told, pull, applied, runs)
        self._post(made)
        if runs.preview is None:
            self.forget(pull.number)
        else:
            for each in figures:
                self._forge.set_status(status_of(runs.preview.commit, each, self._links))
        return replace(told, told=known)

    def forget(self, number: int) -> None:
        """Let go of what is kept of one."""
        self._plans.pop(number, None)

    def _made(
        self, told: ToldPullRequest, pull: PullRequest, applied: str, runs: PreviewRuns
    ) -> tuple[Review, list[RunFigures]]:
        try:
            change = self._change(pull, applied)
        except UsageError as error:
            return self._refused(pull, error.message), runs.figures(self._state, {})
        gates = {each.name: each.graph.promotion for each in change.plan.pipelines}
        figures = runs.figures(self._state, gates)
        asked = preview_blocks(told, runs.preview, figures, self._links)
        more = asked or invitation(pull, change, self._settings.previews)
        return review_of(change, pull, self._forge, self._settings.has_comment, more), figures

    def _refused(self, pull: PullRequest, why: str) -> Review:
        """What is told where there is no plan."""
        status = CommitStatus(pull.head_commit, STATUS, CommitState.FAILURE, shown(why, _LONGEST_TEXT))
        body = f"### Plan: cannot be made\n\n{code(why)}\n" if self._settings.has_comment else None
        return Review(pull.number, body, status, ())

    def _change(self, pull: PullRequest, applied: str) -> ChangePlan:
        """What the head would do; while it is previewed its plan is kept, for the news is that of runs.

        Raises:
            UsageError: there is no plan of this head.
            SourceError: it cannot be brought here.
        """
        known = self._plans.get(pull.number)
        if known is not None and (known.head, known.applied) == (pull.head_commit, applied):
            return known.change
        ref = ref_of(pull, ForgeKind(self._settings.forge))
        if not ref:
            raise UsageError("a head in a fork cannot be reached at this forge")
        change = self._planner.plan(pull, ref, applied)
        self._plans[pull.number] = _Planned(pull.head_commit, applied, change)
        return change

    def _post(self, made: Review) -> None:
        """Tell it; what is refused for good is told in the log, as long as something else goes through.

        Raises:
            ForgeError: nothing does, or it may later.
        """
        posted = post(self._forge, made)
        for part, error in posted.refused.items():
            if isinstance(error, ForgeGoneError | RateLimitError) or (not posted.done and part is not Part.PROBLEMS):
                raise error
            if part is not Part.PROBLEMS:  # which most tokens may not show beside their lines
                log.warning("pull request %d: the %s is refused: %s", made.number, part, error)


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
