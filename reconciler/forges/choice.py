"""The forge that settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.forges.base import Forge
from reconciler.forges.bitbucket import Bitbucket
from reconciler.forges.client import Retries
from reconciler.forges.gitea import Gitea
from reconciler.forges.github import GitHub
from reconciler.forges.gitlab import GitLab
from reconciler.forges.settings import ForgeKind, ForgeSettings

_FORGES: Mapping[ForgeKind, Callable[[ForgeSettings, Retries | None], Forge]] = {
    ForgeKind.GITHUB: GitHub,
    ForgeKind.GITLAB: GitLab,
    ForgeKind.GITEA: Gitea,
    ForgeKind.BITBUCKET: Bitbucket,
}


def forge_for(settings: ForgeSettings, retries: Retries | None = None) -> Forge:
    return _FORGES[settings.kind](settings, retries)
