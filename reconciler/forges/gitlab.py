"""GitLab: its REST API v4.

The pages "Merge requests", "Notes", "Commits" and "Project members" below docs.gitlab.com/api say what is asked here.
Jobs' own tokens may write none of it ("CI/CD job token": docs.gitlab.com/ci/jobs/ci_job_token), so that a token of the
project is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from reconciler.forges.base import Comment, CommitState, CommitStatus, PullRequest, PullRequestState
from reconciler.forges.client import Asked, Client, Retries
from reconciler.forges.github_like import shortened
from reconciler.forges.reading import Read
from reconciler.forges.rest import RestForge
from reconciler.forges.settings import ForgeSettings

_DEVELOPER = 30  # the access level that may push
_LONGEST_TEXT = 255
_PAGE = {"per_page": 100}
_API = "use the `api`, as a developer"
_STATES = {
    CommitState.PENDING: "running",
    CommitState.SUCCESS: "success",
    CommitState.FAILURE: "failed",
    CommitState.CANCELLED: "canceled",
}
_PULL_REQUEST_STATES = {
    "opened": PullRequestState.OPEN,
    "locked": PullRequestState.OPEN,  # while it is merged
    "closed": PullRequestState.CLOSED,
    "merged": PullRequestState.MERGED,
}


class GitLab(RestForge):
    """See `Forge`."""

    longest_body = 1_000_000

    def __init__(self, settings: ForgeSettings, retries: Retries | None = None) -> None:
        headers = {"PRIVATE-TOKEN": settings.token}
        super().__init__(settings, Client(settings.api_url, headers, settings.token, settings.ca_file, retries))
        self._project = f"/projects/{quote(settings.repository, safe='')}"

    def pull_request(self, number: int) -> PullRequest:
        """See `Forge`."""
        return self._pull_request(self._client.get(f"{self._project}/merge_requests/{number}"))

    def open_pull_requests(self) -> Iterator[PullRequest]:
        """See `Forge`."""
        found = self._client.pages(f"{self._project}/merge_requests", {"state": "opened", **_PAGE})
        yield from map(self._pull_request, found)

    def comments(self, number: int) -> tuple[Comment, ...]:
        """See `Forge`; without those that GitLab writes of what happened."""
        found = self._client.pages(self._notes(number), {"sort": "asc", "order_by": "created_at", **_PAGE})
        return tuple(self._comment(each) for each in found if not Read(each, self._client.place).is_set("system"))

    def delete_comment(self, number: int, comment: int) -> None:
        """See `Forge`."""
        self._client.send(Asked("DELETE", f"{self._notes(number)}/{comment}", needs=_API, refusals=(404,)))

    def set_status(self, status: CommitStatus) -> None:
        """See `Forge`; it refuses to pass from a state to the same one, and has it then."""
        self._client.send(
            Asked(
                "POST",
                f"{self._project}/statuses/{quote(status.commit)}",
                {
                    "state": _STATES[status.state],
                    "name": status.name,
                    "description": shortened(status.text, _LONGEST_TEXT),
                    **({"target_url": status.url} if status.url else {}),
                },
                needs=_API,
                known="Cannot transition status",
            )
        )

    def may_write(self, user: str) -> bool:
        """See `Forge`; who is a member of a group above may as well."""
        for found in self._client.get("/users", {"username": user}) or [] if user else []:
            read = Read(found, self._client.place)
            if read.text("username") != user:
                continue
            path = f"{self._project}/members/all/{read.number('id')}"
            member = self._client.read(Asked("GET", path, refusals=(404,)))
            return bool(member) and Read(member, self._client.place).number("access_level") >= _DEVELOPER
        return False

    def _notes(self, number: int) -> str:
        return f"{self._project}/merge_requests/{number}/notes"

    def _create(self, number: int, body: str) -> Comment:
        asked = Asked("POST", self._notes(number), {"body": body}, needs=_API, is_repeatable=False)
        return self._comment(self._client.read(asked))

    def _update(self, number: int, comment: int, body: str) -> Comment:
        path = f"{self._notes(number)}/{comment}"
        return self._comment(self._client.read(Asked("PUT", path, {"body": body}, needs=_API)))

    def _whoami(self) -> str:
        return Read(self._client.get("/user"), self._client.place).text("username")

    def _pull_request(self, answered: Any) -> PullRequest:
        read = Read(answered, self._client.place)
        state = _PULL_REQUEST_STATES[read.choice(tuple(_PULL_REQUEST_STATES), "state")]
        target = read.number("target_project_id")
        source = read.number("source_project_id") if read.has("source_project_id") else None
        merged = read.text("merge_commit_sha") or read.text("squash_commit_sha") or read.text("sha")
        return PullRequest(
            read.number("iid"),
            read.text("title"),
            state,
            read.is_set("draft"),
            read.text("author", "username"),
            read.commit("sha"),
            read.text("source_branch"),
            self._settings.repository if source == target else str(source or ""),
            read.text("target_branch"),
            read.text("diff_refs", "base_sha"),
            source != target,
            tuple(label.text() for label in read.parts("labels")),
            merged if state is PullRequestState.MERGED else "",
            read.text("web_url"),
        )

    def _comment(self, answered: Any) -> Comment:
        read = Read(answered, self._client.place)
        return Comment(read.number("id"), read.text("body"), read.text("author", "username"), read.moment("created_at"))
