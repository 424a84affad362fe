"""How a commit does, as forges show it beside the commit: what is told of which commit, in no forge's words."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from reconciler.forges.base import CommitState, CommitStatus
from reconciler.model.manifests import Kind
from reconciler.model.notifications import Notification, commit_of
from reconciler.model.previews import of_preview
from reconciler.notifications.wording import metrics_text, one_line

_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?P<path>[^/].*|/.*)")


_STATES = {
    "RunStarted": CommitState.PENDING,
    "RunSucceeded": CommitState.SUCCESS,
    "RunRestored": CommitState.SUCCESS,
    "RunFailed": CommitState.FAILURE,
    "RunCancelled": CommitState.CANCELLED,
    "RunSuperseded": CommitState.CANCELLED,
}


def status_of(notification: Notification) -> CommitStatus | None:
    """What a forge can be told of an event; None where it is not of a run, or of no commit."""
    event = notification.event
    state = _STATES.get(event.reason) if event.kind == Kind.PIPELINE else None
    commit = commit_of(event.revision)
    if state is None or not commit:
        return None
    figures = metrics_text(notification.metrics)
    text = one_line(f"{figures} · {event.message}" if figures else event.message)
    pipeline, _ = of_preview(event.name) or (event.name, 0)  # whichever of us tells it first, it is one status
    return CommitStatus(commit, f"reconciler/{pipeline}", state, text)


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
