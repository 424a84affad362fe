"""What people ask for in a pull request, by comments and by a label, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.daemon.pull_requests.commands import Command, Verb, commands_in
from reconciler.daemon.pull_requests.heads import ref_of
from reconciler.daemon.pull_requests.permissions import why_not
from reconciler.daemon.pull_requests.previewing import Previewing
from reconciler.forges.base import Forge, PullRequest
from reconciler.forges.kinds import ForgeKind
from reconciler.model.previews import AskedPreview
from reconciler.model.pull_requests import PreviewRules, PullRequestSettings, ToldPullRequest

_UNREACHABLE = "nothing in the repository leads to a head in a fork at this forge"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Sees to them for one source; each comment is heard once.

    Attributes:
        is_isolated: whether steps run where they cannot read what the daemon can.
        clock: seconds since the epoch.
    """

    source: str
    settings: PullRequestSettings
    forge: Forge
    previewing: Previewing
    is_isolated: bool
    clock: Callable[[], float]

    def heard(self, told: ToldPullRequest, pull: PullRequest) -> ToldPullRequest:
        """Do what comments ask for that were not heard yet.

        Raises:
            ForgeError: the forge does not say what they are, or who may.
        """
        if self._rules.allowed == ():
            return told
        comments = self.forge.comments(pull.number)
        commands = commands_in(comments, told.heard, self.clock())
        if commands:
            pull = self.forge.pull_request(pull.number)  # it is the newest head that is meant
        for command in commands:
            told = self._done(told, command, pull)
        return replace(told, heard=max((told.heard, *(each.id for each in comments))))

    def labelled(self, told: ToldPullRequest, pull: PullRequest) -> ToldPullRequest:
        """Have each head run once as long as the label is there; nobody knows for which head of a fork it was set."""
        if not self._rules.label or self._rules.label not in pull.labels or pull.is_from_fork:
            return replace(told, labelled="")
        if told.labelled == pull.head_commit:
            return told
        return replace(self._run(told, pull, f"label {self._rules.label}"), labelled=pull.head_commit)

    @property
    def _rules(self) -> PreviewRules:
        return self.settings.previews

    def _done(self, told: ToldPullRequest, command: Command, pull: PullRequest) -> ToldPullRequest:
        refused = why_not(command, pull, self._rules, self.forge, self.is_isolated)
        if refused:
            return replace(told, note=refused, is_refused=True)
        if command.verb is Verb.RUN:
            return self._run(told, pull, command.by)
        answer = self.previewing.end_preview(self.source, pull.number)
        return replace(told, note=answer.message, is_refused=not answer.is_good)

    def _run(self, told: ToldPullRequest, pull: PullRequest, by: str) -> ToldPullRequest:
        ref = ref_of(pull, ForgeKind(self.settings.forge))
        if not ref:
            return replace(told, note=_UNREACHABLE, is_refused=True)
        answer = self.previewing.preview(self.source, AskedPreview(pull.number, pull.head_commit, ref, by))
        return replace(told, note=answer.message, is_refused=not answer.is_good)
