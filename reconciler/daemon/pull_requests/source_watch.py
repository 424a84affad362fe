"""The pull requests of one source: looked at now and then, and seen to where something is new."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from reconciler.daemon.pull_requests.heads import let_go
from reconciler.daemon.pull_requests.merged import Summaries
from reconciler.daemon.pull_requests.plans import HeadPlanner
from reconciler.daemon.pull_requests.preview_facts import preview_runs
from reconciler.daemon.pull_requests.previewing import Surroundings
from reconciler.daemon.pull_requests.review import Reviewer
from reconciler.daemon.pull_requests.wishes import Wishes
from reconciler.daemon.pull_requests.wording import Links
from reconciler.daemon.source_settings import SourceSettings, open_mirror
from reconciler.engines.process import ProcessEngine
from reconciler.execution.site import Site
from reconciler.forges.base import CommitState, CommitStatus, Forge, PullRequest, PullRequestState
from reconciler.forges.errors import ForgeGoneError, NotFoundError, RateLimitError, TokenRefusedError
from reconciler.model.errors import ReconcilerError, SourceAwayError
from reconciler.model.pull_requests import PullRequestSettings, ToldPullRequest
from reconciler.model.runs import RunStatus

log = logging.getLogger("reconciler")
_HEARD_AT_ONCE = 20  # pull requests whose comments are read at one look: a forge limits how often it is asked
_OF_ALL = (ForgeGoneError, RateLimitError, TokenRefusedError)
_MOST_AWAY = 3  # heads in a row that cannot be fetched: then it is the remote that does not answer


class SourceWatch:
    """Looks at the pull requests of one source; called by one thread, but for `abandon`."""

    def __init__(
        self,
        site: Site,
        source: SourceSettings,
        settings: PullRequestSettings,
        forge: Forge,
        around: Surroundings,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._source = source
        self._state = state = site.state
        self._forge = forge
        self._previewing = around.previewing
        self._clock = clock or site.clock
        self._mirror = mirror = open_mirror(site, source)
        links = Links(around.tracking)
        is_isolated = site.engine.name != ProcessEngine.name
        self._wishes = Wishes(source.name, settings, forge, around.previewing, is_isolated, self._clock)
        self._reviewer = Reviewer(source.name, settings, state, forge, HeadPlanner(site, source, mirror), links)
        self._summaries = Summaries(
            source.name, settings, state, forge, mirror, links, around.sets_statuses, self._clock
        )
        self._open: dict[int, PullRequest] = {}
        self._turn = 0
        self._news = -1
        self._complaints: dict[int, str] = {}
        self._away = 0
        self._is_early = False

    def look(self, is_roused: bool) -> None:
        """Look at all of them at the forge.

        Args:
            is_roused: whether the forge told of something: then all comments are read, and else those of a few in turn.

        Raises:
            ReconcilerError: the forge or the remote does not answer.
        """
        self._is_early = not self._applied()
        if self._is_early:  # nothing could be compared with, nor run
            return
        self._open = {each.number: each for each in self._forge.open_pull_requests() if self._concerns(each)}
        known = self._state.pull_requests.of(self._source.name)
        heard = self._heard_now(is_roused)
        for number, pull in self._open.items():
            told = known.get(number) or ToldPullRequest(self._source.name, number)
            self._carefully(number, partial(self._see_to, told, pull, number in heard))
        for number in known.keys() - self._open.keys():
            self._carefully(number, partial(self._gone, known[number]))

    def tick(self) -> None:
        """See to what the state says of runs by now; the forge is asked nothing where it says nothing new.

        Raises:
            ReconcilerError: the forge or the remote does not answer.
        """
        newest = self._state.events.newest_news()
        if self._is_early and self._applied():
            self.look(is_roused=True)
        for number, told in self._state.pull_requests.of(self._source.name).items():
            pull = self._open.get(number)
            if pull is not None and newest != self._news:
                self._carefully(number, partial(self._tell, told, pull))
            elif pull is None and told.merge_commit:  # that a pipeline waits for nothing more is no event
                self._carefully(number, partial(self._sum_up, told))
        self._news = newest

    def abandon(self) -> None:
        """Wait for the remote no more; any thread may say so."""
        self._mirror.abandon()

    def close(self) -> None:
        """End the processes that read from the mirror."""
        self._mirror.close()

    def _concerns(self, pull: PullRequest) -> bool:
        """Whether it is for what is followed; where no branch is, any may be."""
        branch = self._source.followed.branch
        return not branch or pull.base_branch == branch

    def _heard_now(self, is_roused: bool) -> frozenset[int]:
        numbers = sorted(self._open)
        if is_roused or len(numbers) <= _HEARD_AT_ONCE:
            return frozenset(numbers)
        start = self._turn % len(numbers)
        self._turn = start + _HEARD_AT_ONCE
        return frozenset([*numbers[start:], *numbers[:start]][:_HEARD_AT_ONCE])

    def _carefully(self, number: int, step: Callable[[], None]) -> None:
        """What is wrong with one keeps nobody from the others; what is wrong with the forge concerns all.

        Raises:
            ReconcilerError: that is so.
        """
        try:
            step()
        except _OF_ALL:
            raise
        except Exception as error:  # strangers may open one that finds a fault of ours
            self._away = self._away + 1 if isinstance(error, SourceAwayError) else 0
            if self._away >= _MOST_AWAY:
                self._away = 0
                raise
            self._complain(number, error)
        else:
            self._away = 0
            self._complaints.pop(number, None)

    def _complain(self, number: int, error: Exception) -> None:
        """Say what is wrong, once for as long as it stays the same."""
        if self._complaints.get(number) == str(error):
            return
        self._complaints[number] = str(error)
        is_fault = not isinstance(error, ReconcilerError)
        log.warning("pull request %d: %s", number, error, exc_info=error if is_fault else None)

    def _see_to(self, told: ToldPullRequest, pull: PullRequest, is_heard: bool) -> None:
        now = self._wishes.heard(told, pull) if is_heard else told
        now = self._kept(told, now)
        self._tell(self._kept(now, self._wishes.labelled(now, pull)), pull)

    def _tell(self, told: ToldPullRequest, pull: PullRequest) -> None:
        self._kept(told, self._reviewer.review(told, pull, self._applied()))

    def _applied(self) -> str:
        """The commit that is applied, "" where none is yet."""
        state = self._state.sources.get(self._source.name)
        return state.applied_commit if state is not None else ""

    def _kept(self, before: ToldPullRequest, now: ToldPullRequest) -> ToldPullRequest:
        if now != before:
            self._state.pull_requests.save(now)
        return now

    def _gone(self, told: ToldPullRequest) -> None:
        """One that is not open any more, or not for the branch that is followed."""
        if told.merge_commit:
            self._sum_up(told)
            return
        try:
            pull = self._forge.pull_request(told.number)
        except NotFoundError:
            self._end(told)
            return
        if pull.state is PullRequestState.MERGED and self._concerns(pull):
            commit = pull.merge_commit or pull.head_commit
            self._sum_up(self._kept(told, replace(told, merge_commit=commit, merged=self._clock())))
        elif pull.state is not PullRequestState.OPEN or not self._concerns(pull):
            self._end(told)

    def _sum_up(self, told: ToldPullRequest) -> None:
        if self._summaries.sum_up(told):
            self._end(told)

    def _end(self, told: ToldPullRequest) -> None:
        """It is over; what it still runs is ended, and shown as that."""
        runs = preview_runs(self._state, self._source.name, told.number)
        if runs.preview is not None:
            for name in [name for name, run in runs.runs.items() if run.status is RunStatus.RUNNING]:
                text = f"pull request {told.number} is over"
                status = CommitStatus(runs.preview.commit, f"reconciler/{name}", CommitState.CANCELLED, text)
                self._forge.set_status(status)
            answer = self._previewing.end_preview(self._source.name, told.number)
            if not answer.is_good:
                raise ReconcilerError(f"its preview goes on: {answer.message}")
        let_go(self._mirror, told.number)
        self._reviewer.forget(told.number)
        self._state.pull_requests.forget(told)
