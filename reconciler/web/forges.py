"""The webhooks of forges: whether a delivery is genuine, what it is known by, and what was pushed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from reconciler.model.followed import Followed
from reconciler.model.http import Forge, Hook

_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"
_FORM = "application/x-www-form-urlencoded"
_BEARER = "bearer "
Headers = Mapping[str, str]  # by names in small letters


@dataclass(frozen=True, slots=True)
class _Ways:
    """How a forge writes its deliveries.

    Attributes:
        signatures: headers that hold the HMAC-SHA256 of the body, any of them.
        events: headers that say what happened, the first that is there.
        ids: likewise what the delivery is known by.
        reviews: what happens to pull requests and is said of them.
    """

    signatures: tuple[str, ...]
    events: tuple[str, ...]
    ids: tuple[str, ...]
    pushes: frozenset[str]
    reviews: frozenset[str]
    pings: frozenset[str] = frozenset()


_WAYS: Mapping[Forge, _Ways] = {
    Forge.GITHUB: _Ways(
        ("x-hub-signature-256",),
        ("x-github-event",),
        ("x-github-delivery",),
        frozenset({"push"}),
        frozenset({"pull_request", "issue_comment"}),
        frozenset({"ping"}),
    ),
    Forge.GITLAB: _Ways(
        (),
        ("x-gitlab-event",),
        ("idempotency-key", "x-gitlab-event-uuid"),
        frozenset({"Push Hook", "Tag Push Hook"}),
        frozenset({"Merge Request Hook", "Note Hook"}),
    ),
    Forge.GITEA: _Ways(
        ("x-forgejo-signature", "x-gitea-signature", "x-hub-signature-256"),
        ("x-forgejo-event", "x-gitea-event"),
        ("x-forgejo-delivery", "x-gitea-delivery"),
        frozenset({"push"}),
        frozenset({"pull_request", "pull_request_label", "pull_request_sync", "pull_request_comment", "issue_comment"}),
    ),
    Forge.BITBUCKET: _Ways(
        ("x-hub-signature",),
        ("x-event-key",),
        ("x-request-uuid", "x-request-id"),
        frozenset({"repo:push", "repo:refs_changed"}),
        frozenset(
            {
                "pullrequest:created",
                "pullrequest:updated",
                "pullrequest:fulfilled",
                "pullrequest:rejected",
                "pullrequest:comment_created",
            }
        ),
        frozenset({"diagnostics:ping"}),
    ),
    Forge.GENERIC: _Ways(
        ("x-reconciler-signature",),
        ("x-reconciler-event",),
        ("x-reconciler-delivery",),
        frozenset({"push", ""}),
        frozenset({"pull_request"}),
        frozenset({"ping"}),
    ),
}


def is_genuine(hook: Hook, headers: Headers, body: bytes) -> bool:
    """Whether whoever sent this knows the secret; compared in constant time."""
    if hook.forge is Forge.GITLAB:
        return _is_same(headers.get("x-gitlab-token", ""), hook.secret)
    wanted = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
    given = [headers.get(name, "").removeprefix("sha256=").lower() for name in _WAYS[hook.forge].signatures]
    is_signed = any(_is_same(each, wanted) for each in given)
    return is_signed or (hook.forge is Forge.GENERIC and _is_same(_bearer(headers), hook.secret))


def marks(forge: Forge, headers: Headers, body: bytes) -> list[str]:
    """What a delivery is known by: its id, and the body itself, as no signature is of the header that holds the id.

    The body of a push at GitLab or of anybody's hook may well be the same another time, and is no mark.
    """
    told = _first(headers, _WAYS[forge].ids)
    found = [f"id {told[:200]}"] if told else []
    if forge in (Forge.GITHUB, Forge.GITEA, Forge.BITBUCKET):
        found.append(f"body {hashlib.sha256(body).hexdigest()}")
    return found


def event(forge: Forge, headers: Headers) -> str:
    """What happened, as the forge names it."""
    return _first(headers, _WAYS[forge].events)


def is_ping(forge: Forge, headers: Headers) -> bool:
    return event(forge, headers) in _WAYS[forge].pings


def is_push(forge: Forge, headers: Headers) -> bool:
    return event(forge, headers) in _WAYS[forge].pushes


def is_of_reviews(forge: Forge, headers: Headers) -> bool:
    """Whether something happened to a pull request, or was said of one."""
    return event(forge, headers) in _WAYS[forge].reviews


def refs(forge: Forge, headers: Headers, body: bytes) -> list[str]:
    """The refs that were pushed, created or deleted; [] where that is not said.

    Raises:
        ValueError: the body cannot be read.
    """
    if forge is Forge.GENERIC and not body.strip():
        return []
    if headers.get("content-type", "").startswith(_FORM):
        body = parse_qs(body.decode(errors="replace"), max_num_fields=8).get("payload", [""])[0].encode()
    try:
        read = json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return list(_bitbucket_refs(read) if forge is Forge.BITBUCKET else _single_ref(read))


def concerns(followed: Followed, ref: str) -> bool:
    """Whether a push to a ref can change what is followed; a tag may be that of a released version."""
    return ref.startswith(_TAGS) or (bool(followed.branch) and ref == f"{_BRANCHES}{followed.branch}")


def _single_ref(read: Any) -> Iterator[str]:
    if isinstance(read, dict) and isinstance(read.get("ref"), str):
        yield read["ref"] if read["ref"].startswith("refs/") else f"{_BRANCHES}{read['ref']}"


def _bitbucket_refs(read: Any) -> Iterator[str]:
    """Those of the cloud, `push.changes[].new` and `old`, and those of a server, `changes[].ref.id`."""
    pushed = read.get("push") if isinstance(read, dict) else None
    changes = (pushed if isinstance(pushed, dict) else read if isinstance(read, dict) else {}).get("changes")
    for change in changes if isinstance(changes, list) else []:
        if not isinstance(change, dict):
            continue
        for told in (change.get("new"), change.get("old")):
            if isinstance(told, dict) and isinstance(told.get("name"), str):
                yield f"{_TAGS if told.get('type') == 'tag' else _BRANCHES}{told['name']}"
        ref = change.get("ref")
        if isinstance(ref, dict) and isinstance(ref.get("id"), str):
            yield ref["id"]


def _bearer(headers: Headers) -> str:
    told = headers.get("authorization", "")
    return told[len(_BEARER) :].strip() if told.lower().startswith(_BEARER) else ""


def _first(headers: Headers, names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")


def _is_same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
