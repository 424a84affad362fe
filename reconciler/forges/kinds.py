"""The kinds of forge; apart, as the command line names them before anything of a forge is needed."""

from __future__ import annotations

from enum import StrEnum


class ForgeKind(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET = "bitbucket"

    @property
    def told(self) -> str:
        return {"github": "GitHub", "gitlab": "GitLab", "gitea": "Gitea", "bitbucket": "Bitbucket"}[self]
