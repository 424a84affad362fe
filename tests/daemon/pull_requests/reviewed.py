"""A source that is followed for real, a forge that is served, and the watch between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.daemon.pull_requests.previewing import Surroundings
from reconciler.daemon.pull_requests.source_watch import SourceWatch
from reconciler.daemon.requests import Answer
from reconciler.daemon.source_settings import SourceSettings
from reconciler.engines.process import ProcessEngine
from reconciler.forges.kinds import ForgeKind
from reconciler.model.errors import ReconcilerError
from reconciler.model.previews import AskedPreview
from reconciler.model.pull_requests import PreviewRules, PullRequestSettings, ToldPullRequest
from tests.daemon.following import Following
from tests.daemon.origin import Origin, pipeline
from tests.daemon.proposing import propose
from tests.forges.conftest import Place
from tests.forges.hosted import BOT, REPOSITORY, Note, Pull
from tests.forges.serving import TOKEN

NUMBER = 12
CHANGED = pipeline("true", "echo changed")  # in place of the second of two steps
RUN, CANCEL = "/reconciler run", "/reconciler cancel"
_REFS = {
    ForgeKind.GITHUB: "refs/pull/{}/head",
    ForgeKind.GITEA: "refs/pull/{}/head",
    ForgeKind.GITLAB: "refs/merge-requests/{}/head",
    ForgeKind.BITBUCKET: "refs/heads/change-{}",
}


@dataclass
class Asking:
    """Asks the follower itself, in the thread of who asks; `broken` are those at which it breaks off."""

    following: Following
    asked: list[AskedPreview] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)

    def preview(self, source: str, asked: AskedPreview) -> Answer:
        assert source == "main"
        if asked.number in self.broken:
            raise RuntimeError("a fault of ours")
        self.asked.append(asked)
        return _answered(lambda: self.following.follower.preview(asked))

    def end_preview(self, source: str, number: int) -> Answer:
        assert source == "main"
        self.ended.append(number)
        return _answered(lambda: self.following.follower.previews.close(number))


def _answered(act: Callable[[], str]) -> Answer:
    try:
        return Answer(True, act())
    except ReconcilerError as error:
        return Answer(False, str(error))


class _Apart(ProcessEngine):
    """Goes by the name of one whose steps see nothing of the daemon's."""

    name = "docker"


class Reviewed:
    """The pull requests of an origin at a forge, as their watch sees to them; `begin_anew` as the next process does."""

    def __init__(self, origin: Origin, following: Following, place: Place, **settings: Any) -> None:
        self.origin = origin
        self.following = following
        self.place = place
        self.asking = Asking(following)
        place.hosted.pulls.clear()
        self.settings = PullRequestSettings(place.kind, place.served.api, REPOSITORY, TOKEN, **settings)
        self.tracking = ""
        self.is_isolated = False
        self.folder = ""
        self.watch = self._new()

    def rules(self, **rules: Any) -> None:
        self.settings = replace(self.settings, previews=PreviewRules(**rules))
        self.begin_anew()

    def begin_anew(self) -> None:
        self.watch.close()
        self.watch = self._new()

    def _new(self) -> SourceWatch:
        source = SourceSettings("main", str(self.origin.url), "main", folder=self.folder, pull_requests=self.settings)
        around = Surroundings(self.asking, self.tracking)
        engine = _Apart() if self.is_isolated else self.following.site.engine
        return SourceWatch(
            replace(self.following.site, engine=engine),
            source,
            self.settings,
            self.place.forge(),
            around,
            lambda: self.place.now + 60,
        )

    def propose(self, text: str, number: int = NUMBER, **pull: Any) -> str:
        """Open a pull request that changes `greet`, or push to it; returns its head."""
        commit = propose(self.origin, number, {"greet.yaml": text}).commit
        self.origin.git("push", "-q", "--force", "origin", f"{commit}:{_REFS[self.place.kind].format(number)}")
        known = self.place.hosted.pulls.get(number, Pull(number, head_branch=f"change-{number}"))
        self.place.hosted.add(replace(known, head_commit=commit, **pull))
        return commit

    def change(self, number: int = NUMBER, **pull: Any) -> None:
        """Have the forge say something else of a pull request."""
        self.place.hosted.add(replace(self.place.hosted.pulls[number], **pull))

    def say(self, body: str, by: str = "ada") -> Note:
        return self.place.hosted.say(NUMBER, by, body)

    def look(self) -> None:
        self.watch.look(is_roused=True)
        self.watch.tick()

    def wait(self) -> None:
        """Until the runs of previews are over, as the loop sees it."""
        self.following.follower.wait()
        self.following.follower.reconcile("run ended")

    @property
    def ours(self) -> list[str]:
        """What we say of the pull request, comment by comment."""
        return [note.body for note in self.place.hosted.of(NUMBER) if note.author == BOT]

    def status(self, name: str, commit: str) -> tuple[str, str]:
        """The state and the text of a status."""
        told = self.place.hosted.statuses[commit, name]
        return str(told["state"]).lower(), str(told["description"])

    @property
    def written(self) -> int:
        """How often something was written at the forge."""
        return sum(len(self.place.served.asked(method)) for method in ("POST", "PUT", "PATCH", "DELETE"))

    @property
    def kept(self) -> dict[int, ToldPullRequest]:
        return self.following.site.state.pull_requests.of("main")
