"""Gitea and Forgejo: their API v1, as each server documents it at /api/swagger.

What is asked here stands there under `issue`, `repository` and `user`; "API Usage" at docs.gitea.com tells of tokens
and of pages.
"""

from __future__ import annotations

from reconciler.forges.client import Client, Retries
from reconciler.forges.github_like import GitHubLike
from reconciler.forges.settings import ForgeSettings


class Gitea(GitHubLike):
    """See `Forge`."""

    longest_body = 65_536  # it names no limit
    longest_text = 255
    _page = {"limit": 50}  # noqa: RUF012 - never written; more it does not give, unless it is set up so
    _may = ("write issues", "write to the repository")
    _writers = frozenset({"owner", "admin", "write"})

    def __init__(self, settings: ForgeSettings, retries: Retries | None = None) -> None:
        headers = {"Authorization": f"token {settings.token}"}
        super().__init__(settings, Client(settings.api_url, headers, settings.token, settings.ca_file, retries))
