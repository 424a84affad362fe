"""Each of the four forges, served, and what asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from reconciler.forges.base import Forge
from reconciler.forges.choice import forge_for
from reconciler.forges.client import Retries
from reconciler.forges.settings import ForgeKind, ForgeSettings

from .bitbucket_served import BitbucketServed
from .gitea_served import GiteaServed
from .github_served import GitHubServed
from .gitlab_served import GitLabServed
from .hosted import BOT, REPOSITORY, Hosted, Pull, uuid_of
from .serving import TOKEN, Served, serving

SERVED: dict[ForgeKind, type[Served]] = {
    ForgeKind.GITHUB: GitHubServed,
    ForgeKind.GITLAB: GitLabServed,
    ForgeKind.GITEA: GiteaServed,
    ForgeKind.BITBUCKET: BitbucketServed,
}


@dataclass
class Place:
    """A forge that is served, with one pull request, number 12.

    Attributes:
        slept: for how long it was waited, which takes no time here.
    """

    kind: ForgeKind
    served: Served
    slept: list[float] = field(default_factory=list)
    now: float = 1_767_225_600.0

    @property
    def hosted(self) -> Hosted:
        return self.served.hosted

    @property
    def me(self) -> str:
        return self.known_as(BOT)

    def known_as(self, user: str) -> str:
        return uuid_of(user) if self.kind is ForgeKind.BITBUCKET and user else user

    def forge(self, token: str = TOKEN, repository: str = REPOSITORY, user: str = "") -> Forge:
        """What asks it, anew each time as each job does."""
        settings = ForgeSettings(self.kind, self.served.api, repository, token, user)
        return forge_for(settings, Retries(attempts=4, sleep=self.slept.append, clock=lambda: self.now))


def place_for(kind: ForgeKind) -> Place:
    served = SERVED[kind]()
    served.hosted.add(Pull(12))
    return Place(kind, served)


@pytest.fixture(params=list(ForgeKind))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each forge in turn."""
    here = place_for(request.param)
    with serving(here.served):
        yield here


@pytest.fixture
def github() -> Iterator[Place]:
    here = place_for(ForgeKind.GITHUB)
    with serving(here.served):
        yield here


@pytest.fixture
def bitbucket() -> Iterator[Place]:
    here = place_for(ForgeKind.BITBUCKET)
    with serving(here.served):
        yield here
