"""Deliveries of webhooks as forges make and sign them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model.http import Forge

SECRET = "a secret of both"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Delivery:
    """What a forge posts."""

    headers: Mapping[str, str]
    body: bytes

    def without(self, *names: str) -> Delivery:
        wanted = {name.lower() for name in names}
        return replace(self, headers={name: each for name, each in self.headers.items() if name.lower() not in wanted})

    def with_header(self, name: str, value: str) -> Delivery:
        return replace(self, headers={**self.headers, name: value})


def push(forge: Forge, ref: str = "refs/heads/main", secret: str = SECRET) -> Delivery:
    """A push to a ref; each has an id of its own, and a body of its own, as it is of another commit."""
    number = next(_numbers)
    return _MAKERS[forge](ref, f"{number:040x}", f"delivery-{number}", secret)


def ping(secret: str = SECRET) -> Delivery:
    """What GitHub sends when a webhook is set up."""
    body = b'{"zen": "Keep it logically awesome."}'
    return Delivery({**_json(), "X-GitHub-Event": "ping", "X-Hub-Signature-256": f"sha256={_hmac(secret, body)}"}, body)


def review(forge: Forge, event: str) -> Delivery:
    """Something that happened to a pull request, or was said of one."""
    names = {"X-GitHub-Event", "X-Gitlab-Event", "X-Gitea-Event", "X-Event-Key", "X-Reconciler-Event"}
    delivery = push(forge)
    given = {name: event if name in names else each for name, each in delivery.headers.items()}
    return replace(delivery, headers={**given, **({"X-Reconciler-Event": event} if forge is Forge.GENERIC else {})})


def signed(forge: Forge, body: bytes) -> dict[str, str]:
    """The headers of a push with this very body."""
    headers = push(forge).headers
    names = {"X-Hub-Signature-256", "X-Hub-Signature", "X-Gitea-Signature", "X-Reconciler-Signature"}
    return {name: f"sha256={_hmac(SECRET, body)}" if name in names else each for name, each in headers.items()}


def bitbucket_server(ref: str, secret: str = SECRET) -> Delivery:
    """A push to a Bitbucket of one's own, whose deliveries look unlike those of the cloud."""
    number = next(_numbers)
    body = _body({"changes": [{"ref": {"id": ref, "type": "BRANCH"}, "toHash": f"{number:040x}", "type": "UPDATE"}]})
    headers = {"X-Event-Key": "repo:refs_changed", "X-Request-Id": f"{number}"}
    return Delivery({**_json(), **headers, "X-Hub-Signature": f"sha256={_hmac(secret, body)}"}, body)


def _github(ref: str, commit: str, name: str, secret: str) -> Delivery:
    body = _body({"ref": ref, "after": commit})
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": name}
    return Delivery({**_json(), **headers, "X-Hub-Signature-256": f"sha256={_hmac(secret, body)}"}, body)


def _gitlab(ref: str, commit: str, name: str, secret: str) -> Delivery:
    is_tag = ref.startswith("refs/tags/")
    body = _body({"object_kind": "tag_push" if is_tag else "push", "ref": ref, "after": commit})
    event = "Tag Push Hook" if is_tag else "Push Hook"
    return Delivery({**_json(), "X-Gitlab-Event": event, "X-Gitlab-Event-UUID": name, "X-Gitlab-Token": secret}, body)


def _gitea(ref: str, commit: str, name: str, secret: str) -> Delivery:
    body = _body({"ref": ref, "after": commit})
    signature = _hmac(secret, body)
    headers = {
        "X-Gitea-Event": "push",
        "X-Gitea-Delivery": name,
        "X-Gitea-Signature": signature,
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return Delivery({**_json(), **headers}, body)


def _bitbucket(ref: str, commit: str, name: str, secret: str) -> Delivery:
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    new = {"type": kind, "name": ref.split("/", 2)[2], "target": {"hash": commit}}
    body = _body({"push": {"changes": [{"new": new, "old": None}]}})
    headers = {"X-Event-Key": "repo:push", "X-Request-UUID": name}
    return Delivery({**_json(), **headers, "X-Hub-Signature": f"sha256={_hmac(secret, body)}"}, body)


def _generic(ref: str, _: str, name: str, secret: str) -> Delivery:
    body = _body({"ref": ref})
    headers = {"X-Reconciler-Delivery": name, "X-Reconciler-Signature": f"sha256={_hmac(secret, body)}"}
    return Delivery({**_json(), **headers}, body)


_MAKERS = {
    Forge.GITHUB: _github,
    Forge.GITLAB: _gitlab,
    Forge.GITEA: _gitea,
    Forge.BITBUCKET: _bitbucket,
    Forge.GENERIC: _generic,
}


def _json() -> dict[str, str]:
    return {"Content-Type": "application/json"}


def _body(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _hmac(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
