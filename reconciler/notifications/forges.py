"""Forges that show how commits do: each is a way to put a status into its words, and one sender for all."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from reconciler.model.notifications import Notification, Receiver, ReceiverType
from reconciler.notifications.base import NotNowError, NotTakenError
from reconciler.notifications.commit_status import CommitState, CommitStatus, shortened, status_of
from reconciler.notifications.secret_values import secret_value
from reconciler.notifications.web import Answer, Posting, check, post

_GITHUB = "github.com"
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a forge."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]


class Forge(Protocol):
    def call(self, url: str, status: CommitStatus, token: str) -> Call: ...

    def is_known(self, answer: Answer) -> bool:
        """Whether a refusal means that the forge has this status already."""

    def after(self, answer: Answer) -> float | None:
        """Seconds until a limit of the forge lets us ask again; None where this is no matter of limits."""


class GitHub:
    """`POST /repos/{owner}/{repo}/statuses/{sha}`; a server of one's own has its API below /api/v3."""

    _STATES = {  # noqa: RUF012 - never written
        CommitState.PENDING: "pending",
        CommitState.SUCCESS: "success",
        CommitState.FAILURE: "failure",
        CommitState.CANCELLED: "error",
    }

    def call(self, url: str, status: CommitStatus, token: str) -> Call:
        api = "https://api.github.com" if urlsplit(url).hostname == _GITHUB else f"{url.rstrip('/')}/api/v3"
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        body = _body(self._STATES[status.state], "context", status, longest=140)
        return Call(f"{api}/repos/{quote(status.repository)}/statuses/{status.commit}", headers, body)

    def is_known(self, _: Answer) -> bool:
        return False

    def after(self, answer: Answer) -> float | None:
        """It refuses with 403 as well when there was too much."""
        if answer.status not in (403, 429):
            return None
        waiting = answer.after(time.time())
        if waiting:
            return waiting
        is_used_up = answer.headers.get("x-ratelimit-remaining") == "0"
        return _until(answer.headers.get("x-ratelimit-reset", "")) if is_used_up else None


class GitLab:
    """`POST /projects/{path}/statuses/{sha}`."""

    _STATES = {  # noqa: RUF012 - never written
        CommitState.PENDING: "running",
        CommitState.SUCCESS: "success",
        CommitState.FAILURE: "failed",
        CommitState.CANCELLED: "canceled",
    }

    def call(self, url: str, status: CommitStatus, token: str) -> Call:
        project = quote(status.repository, safe="")
        body = _body(self._STATES[status.state], "name", status, longest=255)
        api = f"{url.rstrip('/')}/api/v4/projects/{project}/statuses/{status.commit}"
        return Call(api, {"PRIVATE-TOKEN": token}, body)

    def is_known(self, answer: Answer) -> bool:
        """It refuses to pass from a state to the same one."""
        return answer.status == 400 and "Cannot transition status" in answer.start

    def after(self, answer: Answer) -> float | None:
        is_untold = answer.status == 429 and not answer.after(time.time())
        return _until(answer.headers.get("ratelimit-reset", "")) if is_untold else None


class Gitea:
    """`POST /repos/{owner}/{repo}/statuses/{sha}`, which Forgejo has from it."""

    _STATES = {  # noqa: RUF012 - never written
        CommitState.PENDING: "pending",
        CommitState.SUCCESS: "success",
        CommitState.FAILURE: "failure",
        CommitState.CANCELLED: "error",
    }

    def call(self, url: str, status: CommitStatus, token: str) -> Call:
        body = _body(self._STATES[status.state], "context", status, longest=255)
        api = f"{url.rstrip('/')}/api/v1/repos/{quote(status.repository)}/statuses/{status.commit}"
        return Call(api, {"Authorization": f"token {token}"}, body)

    def is_known(self, _: Answer) -> bool:
        return False

    def after(self, _: Answer) -> float | None:
        return None


def _body(state: str, name_key: str, status: CommitStatus, longest: int) -> dict[str, Any]:
    return {"state": state, name_key: status.name, "description": shortened(status.text, longest)}


def _until(reset: str) -> float | None:
    """Seconds until a moment since the epoch, at least one and at most a day; None where it is no such moment."""
    if not (reset.isascii() and reset.isdecimal()):
        return None
    return min(max(float(reset) - time.time(), 1.0), _DAY)


_FORGES: dict[ReceiverType, Forge] = {
    ReceiverType.GITHUB: GitHub(),
    ReceiverType.GITLAB: GitLab(),
    ReceiverType.GITEA: Gitea(),
}


class ForgeSender:
    """Sets the status of commits; its token goes to the forge of the configuration and nowhere else."""

    folds = False

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._forge = _FORGES[receiver.type]

    def wants(self, notification: Notification) -> bool:
        return status_of(notification, self._receiver) is not None

    def send(self, notification: Notification) -> None:
        """See `Sender`."""
        status = status_of(notification, self._receiver)
        if status is None:
            raise NotTakenError("this is no run of a commit that the forge has", hint="mend `url:` or `repository:`")
        self.set(status)

    def set(self, status: CommitStatus) -> None:
        """Set one status.

        Raises:
            NotTakenError: the forge refuses.
            NotNowError: it may take it later.
        """
        call = self._forge.call(self._receiver.url, status, secret_value(self._receiver.secret))
        headers = {"Content-Type": "application/json", **call.headers}
        posting = Posting(call.url, headers, json.dumps(call.body).encode(), self._receiver.ca_file)
        answer = post(posting)
        if self._forge.is_known(answer):
            return
        after = self._forge.after(answer)
        if after is not None:
            raise NotNowError(f"{posting.place} answered {answer.told}: too many requests", after=after)
        check(answer, posting.place)
