"""What GitHub's API and those made after it have in common: pull requests, comments and statuses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from reconciler.forges.base import Comment, CommitState, CommitStatus, PullRequest, PullRequestState
from reconciler.forges.client import Asked, Query
from reconciler.forges.reading import Read
from reconciler.forges.rest import RestForge

_STATES = {
    CommitState.PENDING: "pending",
    CommitState.SUCCESS: "success",
    CommitState.FAILURE: "failure",
    CommitState.CANCELLED: "error",
}


class GitHubLike(RestForge):
    """See `Forge`.

    Attributes:
        longest_text: of a status, in characters.
        _page: what asks for the longest page there is.
        _may: what a token has to be allowed, in the words of the forge: for comments, for statuses.
    """

    longest_text: int
    _page: Query
    _may: tuple[str, str]

    @property
    def _repository(self) -> str:
        return f"/repos/{quote(self._settings.repository)}"

    def pull_request(self, number: int) -> PullRequest:
        """See `Forge`."""
        return self._pull_request(self._client.get(f"{self._repository}/pulls/{number}"))

    def open_pull_requests(self) -> Iterator[PullRequest]:
        """See `Forge`."""
        found = self._client.pages(f"{self._repository}/pulls", {"state": "open", **self._page})
        yield from map(self._pull_request, found)

    def comments(self, number: int) -> tuple[Comment, ...]:
        """See `Forge`."""
        return tuple(map(self._comment, self._client.pages(f"{self._repository}/issues/{number}/comments", self._page)))

    def delete_comment(self, number: int, comment: int) -> None:  # noqa: ARG002
        """See `Forge`."""
        path = f"{self._repository}/issues/comments/{comment}"
        self._client.send(Asked("DELETE", path, needs=self._may[0], refusals=(404,)))

    def set_status(self, status: CommitStatus) -> None:
        """See `Forge`."""
        self._client.send(
            Asked(
                "POST",
                f"{self._repository}/statuses/{quote(status.commit)}",
                {
                    "state": _STATES[status.state],
                    "context": status.name,
                    "description": shortened(status.text, self.longest_text),
                    **({"target_url": status.url} if status.url else {}),
                },
                needs=self._may[1],
            )
        )

    def may_write(self, user: str) -> bool:
        """See `Forge`."""
        path = f"{self._repository}/collaborators/{quote(user, safe='')}/permission"
        asked = Asked("GET", path, needs="push to the repository, to see who may", refusals=(404,))
        return bool(user) and Read(self._client.read(asked), self._client.place).text("permission") in self._writers

    @property
    @abstractmethod
    def _writers(self) -> frozenset[str]:
        """The permissions of those who may push."""

    def _create(self, number: int, body: str) -> Comment:
        path = f"{self._repository}/issues/{number}/comments"
        asked = Asked("POST", path, {"body": body}, needs=self._may[0], is_repeatable=False)
        return self._comment(self._client.read(asked))

    def _update(self, number: int, comment: int, body: str) -> Comment:  # noqa: ARG002
        path = f"{self._repository}/issues/comments/{comment}"
        return self._comment(self._client.read(Asked("PATCH", path, {"body": body}, needs=self._may[0])))

    def _whoami(self) -> str:
        return Read(self._client.get("/user"), self._client.place).text("login")

    def _pull_request(self, answered: Any) -> PullRequest:
        read = Read(answered, self._client.place)
        head, base = read.text("head", "repo", "full_name"), read.text("base", "repo", "full_name")
        is_merged = read.is_set("merged") or bool(read.text("merged_at"))
        return PullRequest(
            read.number("number"),
            read.text("title"),
            PullRequestState.MERGED if is_merged else PullRequestState(read.choice(("open", "closed"), "state")),
            read.is_set("draft"),
            read.text("user", "login"),
            read.commit("head", "sha"),
            read.text("head", "ref"),
            head,
            read.text("base", "ref"),
            read.text("base", "sha"),
            head != base,
            tuple(label.text("name") for label in read.parts("labels")),
            read.text("merge_commit_sha") if is_merged else "",
            read.text("html_url"),
        )

    def _comment(self, answered: Any) -> Comment:
        read = Read(answered, self._client.place)
        return Comment(read.number("id"), read.text("body"), read.text("user", "login"), read.moment("created_at"))


def shortened(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
