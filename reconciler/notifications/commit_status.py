"""How a commit does, as forges show it beside the commit: what is told of which commit, in no forge's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from reconciler.model.manifests import Kind
from reconciler.model.notifications import Notification, Receiver, commit_of
from reconciler.notifications.wording import metrics_text, one_line

_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?P<path>[^/].*|/.*)")


class CommitState(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"


_STATES = {
    "RunStarted": CommitState.PENDING,
    "RunSucceeded": CommitState.SUCCESS,
    "RunRestored": CommitState.SUCCESS,
    "RunFailed": CommitState.FAILURE,
    "RunCancelled": CommitState.CANCELLED,
    "RunSuperseded": CommitState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What is told of a commit.

    Attributes:
        repository: at the forge, such as `ml/loans`.
        name: what the status goes by; another one of the same name takes its place.
    """

    repository: str
    commit: str
    name: str
    state: CommitState
    text: str


def status_of(notification: Notification, receiver: Receiver) -> CommitStatus | None:
    """What a forge can be told of an event; None where it is not of a run, or of no commit that the forge has."""
    event = notification.event
    state = _STATES.get(event.reason) if event.kind == Kind.PIPELINE else None
    commit = commit_of(event.revision)
    repository = receiver.repository or repository_of(notification.source_url, receiver.url)
    if state is None or not commit or not repository:
        return None
    figures = metrics_text(notification.metrics)
    text = one_line(f"{figures} · {event.message}" if figures else event.message)
    return CommitStatus(repository, commit, f"reconciler/{event.name}", state, text)


def repository_of(source_url: str, forge_url: str) -> str:
    """The repository that an address leads to, "" where it is none of this forge."""
    host, path = _parts(source_url)
    forge = urlsplit(forge_url)
    if not host or host != (forge.hostname or "").lower():
        return ""
    below = forge.path.strip("/")
    path = path.strip("/")
    if below and "://" in source_url and path.startswith(f"{below}/"):
        path = path.removeprefix(f"{below}/")
    path = path.removesuffix(".git")
    return path if "/" in path and not {"", ".", ".."} & set(path.split("/")) else ""


def _parts(url: str) -> tuple[str, str]:
    """Host and path of an address of a repository, "" for a folder of this machine."""
    if "://" in url:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), unquote(parts.path)
    found = _SCP.fullmatch(url)
    return (found["host"].lower(), found["path"]) if found else ("", "")


def shortened(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
