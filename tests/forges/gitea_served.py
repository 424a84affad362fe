"""Gitea, and Forgejo, as their API v1 is documented."""

from __future__ import annotations

from .github_served import REPO, GitHubLikeServed
from .serving import TOKEN, Reply, Sent


class GiteaServed(GitHubLikeServed):
    """It hands out all comments at once, and knows of a commit only what it merged."""

    below = "/api/v1"
    per_page = ("limit", 30)
    longest_text = 255
    is_paging_comments = False

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", rf"{REPO}/commits/([0-9a-f]{{40}})/pull", self.pull_of)

    def is_known(self, sent: Sent) -> bool:
        return sent.headers.get("authorization") == f"token {TOKEN}"

    def pull_of(self, _: Sent, sha: str) -> Reply:
        found = next((pull for pull in self.hosted.pulls.values() if pull.merge_commit == sha), None)
        return Reply(200, self.told(found)) if found else self.refuse(404, "pull request does not exist")
