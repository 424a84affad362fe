"""Gitea, and Forgejo, as their API v1 is documented."""

from __future__ import annotations

from .github_served import GitHubLikeServed
from .serving import TOKEN, Sent


class GiteaServed(GitHubLikeServed):
    """It hands out all comments at once, and knows of a commit only what it merged."""

    below = "/api/v1"
    per_page = ("limit", 30)
    longest_text = 255
    is_paging_comments = False

    def __init__(self) -> None:
        super().__init__()

    def is_known(self, sent: Sent) -> bool:
        return sent.headers.get("authorization") == f"token {TOKEN}"
