"""Bitbucket Cloud: its REST API 2.0.

The pages "Pull requests", "Commit statuses", "Reports", "Commits" and "Workspaces" below
developer.atlassian.com/cloud/bitbucket/rest say what is asked here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from reconciler.forges.base import Comment, CommitState, CommitStatus, PullRequest, PullRequestState
from reconciler.forges.bodies import marked
from reconciler.forges.client import Asked, Client, Retries
from reconciler.forges.errors import NotFoundError, TokenRefusedError
from reconciler.forges.github_like import shortened
from reconciler.forges.reading import Read
from reconciler.forges.rest import MOST_PROBLEMS, RestForge
from reconciler.forges.settings import ForgeSettings
from reconciler.model.problems import Problem

_WEB = "https://bitbucket.org"
_IN_A_REQUEST = 100
_WHOLE_COMMIT = 40
_LONGEST_KEY, _LONGEST_SUMMARY, _LONGEST_DETAILS = 40, 450, 2000
_UUID = re.compile(r"\{[0-9a-fA-F-]{36}\}")
_WRITERS = ("write", "admin")
_PULL_REQUESTS, _REPOSITORY = "write pull requests", "write to the repository"
_STATES = {
    CommitState.PENDING: "INPROGRESS",
    CommitState.SUCCESS: "SUCCESSFUL",
    CommitState.FAILURE: "FAILED",
    CommitState.CANCELLED: "STOPPED",
}
_PULL_REQUEST_STATES = {
    "OPEN": PullRequestState.OPEN,
    "MERGED": PullRequestState.MERGED,
    "DECLINED": PullRequestState.CLOSED,
    "SUPERSEDED": PullRequestState.CLOSED,
}


class Bitbucket(RestForge):
    """See `Forge`; users are known by their UUID, as others can take their names."""

    longest_body = 32_768
    is_folding = False

    def __init__(self, settings: ForgeSettings, retries: Retries | None = None) -> None:
        headers = {"Authorization": _authorization(settings.token)}
        super().__init__(settings, Client(settings.api_url, headers, settings.token, settings.ca_file, retries))
        self._repository = f"/repositories/{quote(settings.repository)}"
        self._commits: dict[str, str] = {}

    def pull_request(self, number: int) -> PullRequest:
        """See `Forge`."""
        return self._pull_request(self._client.get(f"{self._repository}/pullrequests/{number}"))

    def open_pull_requests(self) -> Iterator[PullRequest]:
        """See `Forge`."""
        found = self._client.pages(f"{self._repository}/pullrequests", {"state": "OPEN", "pagelen": 50})
        yield from map(self._pull_request, found)

    def comments(self, number: int) -> tuple[Comment, ...]:
        """See `Forge`; without those that are deleted, which Bitbucket keeps as empty ones."""
        found = self._client.pages(self._comments(number), {"pagelen": 100})
        return tuple(self._comment(each) for each in found if not Read(each, self._client.place).is_set("deleted"))

    def delete_comment(self, number: int, comment: int) -> None:
        """See `Forge`."""
        path = f"{self._comments(number)}/{comment}"
        self._client.send(Asked("DELETE", path, needs=_PULL_REQUESTS, refusals=(404,)))

    def set_status(self, status: CommitStatus) -> None:
        """See `Forge`; it wants an address, and gets that of the commit where there is no better one."""
        body = {
            "key": _key(status.name),
            "name": status.name,
            "state": _STATES[status.state],
            "description": status.text,
            "url": status.url or f"{_WEB}/{self._settings.repository}/commits/{status.commit}",
        }
        path = f"{self._repository}/commit/{quote(status.commit)}/statuses/build"
        self._client.send(Asked("POST", path, body, needs=_REPOSITORY))

    def annotate(self, commit: str, name: str, summary: str, problems: Sequence[Problem]) -> int:
        """See `Forge`; a report, which takes 100 at a time and holds 1,000."""
        path = f"{self._repository}/commit/{quote(commit)}/reports/{quote(_key(name))}"
        self._client.send(Asked("DELETE", path, needs=_REPOSITORY, refusals=(404,)))
        report = {
            "title": shortened(name, _LONGEST_SUMMARY),
            "details": shortened(summary, _LONGEST_DETAILS),
            "report_type": "BUG",
            "reporter": "reconciler",
            "result": "FAILED" if any(problem.is_error for problem in problems) else "PASSED",
        }
        self._client.send(Asked("PUT", path, report, needs=_REPOSITORY))
        shown = [_annotation(index, problem) for index, problem in enumerate(problems[:MOST_PROBLEMS])]
        for start in range(0, len(shown), _IN_A_REQUEST):
            batch = shown[start : start + _IN_A_REQUEST]  # known by their ids, so that twice is once
            self._client.send(Asked("POST", f"{path}/annotations", batch, needs=_REPOSITORY))
        return len(shown)

    def may_write(self, user: str) -> bool:
        """See `Forge`; the token has to be one that may administer the repository."""
        if not _UUID.fullmatch(user):
            return False
        workspace, _, name = self._settings.repository.partition("/")
        path = f"/workspaces/{quote(workspace)}/permissions/repositories/{quote(name)}"
        for each in self._client.pages(path, {"q": f'user.uuid="{user}"'}):
            read = Read(each, self._client.place)
            if read.text("user", "uuid") == user:
                return read.text("permission") in _WRITERS
        return False

    def _marked(self, marker: str) -> str:
        """A definition of a link that nothing uses: comments of HTML would be shown."""
        return f"[//]: # ({marked(marker).removeprefix('<!-- ').removesuffix(' -->')})"

    def _comments(self, number: int) -> str:
        return f"{self._repository}/pullrequests/{number}/comments"

    def _create(self, number: int, body: str) -> Comment:
        asked = Asked("POST", self._comments(number), _content(body), needs=_PULL_REQUESTS, is_repeatable=False)
        return self._comment(self._client.read(asked))

    def _update(self, number: int, comment: int, body: str) -> Comment:
        path = f"{self._comments(number)}/{comment}"
        return self._comment(self._client.read(Asked("PUT", path, _content(body), needs=_PULL_REQUESTS)))

    def _whoami(self) -> str:
        return Read(self._client.get("/user"), self._client.place).text("uuid")

    def _pull_request(self, answered: Any) -> PullRequest:
        read = Read(answered, self._client.place)
        head, base = (read.text(side, "repository", "full_name") for side in ("source", "destination"))
        return PullRequest(
            read.number("id"),
            read.text("title"),
            _PULL_REQUEST_STATES[read.choice(tuple(_PULL_REQUEST_STATES), "state")],
            read.is_set("draft"),
            read.text("author", "uuid"),
            self._whole(read.commit("source", "commit", "hash"), head),
            read.text("source", "branch", "name"),
            head,
            read.text("destination", "branch", "name"),
            read.text("destination", "commit", "hash"),
            head != base,
            merge_commit=read.text("merge_commit", "hash"),
            url=read.text("links", "html", "href"),
        )

    def _whole(self, commit: str, repository: str) -> str:
        """The whole id of a commit, of which pull requests tell the start."""
        if len(commit) >= _WHOLE_COMMIT:
            return commit
        if commit not in self._commits:
            self._commits[commit] = self._looked_up(commit, repository)
        return self._commits[commit]

    def _looked_up(self, commit: str, repository: str) -> str:
        for where in dict.fromkeys((repository, self._settings.repository)):
            try:
                found = self._client.get(f"/repositories/{quote(where)}/commit/{commit}") if where else None
            except (NotFoundError, TokenRefusedError):  # a fork that is private
                continue
            if found:
                return Read(found, self._client.place).commit("hash")
        raise NotFoundError(f"{self._client.place} does not show commit {commit}", hint="may the token read the fork?")

    def _comment(self, answered: Any) -> Comment:
        read = Read(answered, self._client.place)
        author, created = read.text("user", "uuid"), read.moment("created_on")
        return Comment(read.number("id"), read.text("content", "raw"), author, created)


def _authorization(token: str) -> str:
    """A token of a repository, project or workspace as it is; one of a user after that user's name and a colon."""
    if ":" not in token:
        return f"Bearer {token}"
    return f"Basic {base64.b64encode(token.encode()).decode()}"


def _content(body: str) -> dict[str, Any]:
    return {"content": {"raw": body}}


def _key(name: str) -> str:
    """What a status or a report goes by: no more than 40 characters."""
    kept = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
    if len(kept) <= _LONGEST_KEY:
        return kept
    return f"{kept[: _LONGEST_KEY - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _annotation(index: int, problem: Problem) -> dict[str, Any]:
    details = {"details": shortened(problem.hint, _LONGEST_DETAILS)} if problem.hint else {}
    return {
        "external_id": f"reconciler-{index:04}",
        "annotation_type": "BUG" if problem.is_error else "CODE_SMELL",
        "severity": "HIGH" if problem.is_error else "LOW",
        "summary": shortened(problem.message or str(problem.code), _LONGEST_SUMMARY),
        **details,
        "path": problem.file,
        "line": max(problem.line, 1),
    }
