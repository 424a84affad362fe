"""Forges as they answer who sets the status of a commit: what they demand, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .listening import Reply, Sent

TOKEN = "a token"
COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
Forge = Callable[[Sent], Reply]


def _said(status: int, message: Any) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps({"message": message}).encode())


def github(sent: Sent) -> Reply:
    """A server of one's own, whose API is below /api/v3."""
    if sent.headers.get("authorization") != f"Bearer {TOKEN}":
        return _said(401, "Bad credentials")
    if "application/vnd.github+json" not in sent.headers.get("accept", ""):
        return _said(415, "Unsupported Media Type")
    return _github_like(sent, "/api/v3", most=140)


def gitea(sent: Sent) -> Reply:
    if sent.headers.get("authorization") != f"token {TOKEN}":
        return _said(401, "token is required")
    return _github_like(sent, "/api/v1", most=255)


def _github_like(sent: Sent, below: str, most: int) -> Reply:
    if sent.path not in (f"{below}/repos/ml/loans/statuses/{COMMIT}",):
        return _said(404, "Not Found")
    body = sent.body
    if body["state"] not in ("error", "failure", "pending", "success") or not body["context"]:
        return _said(422, "Validation Failed")
    if len(body["description"]) > most:
        return _said(422, "description is too long")
    return Reply(201, {"Content-Type": "application/json"}, json.dumps(body).encode())


class GitLab:
    """It knows in which state a status is, and refuses to pass to the same one."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}

    def __call__(self, sent: Sent) -> Reply:
        if sent.headers.get("private-token") != TOKEN:
            return _said(401, "401 Unauthorized")
        if sent.path != f"/api/v4/projects/ml%2Fteam%2Floans/statuses/{COMMIT}":
            return _said(404, "404 Project Not Found")
        body = sent.body
        if body["state"] not in ("pending", "running", "success", "failed", "canceled"):
            return _said(400, "state does not have a valid value")
        if self.states.get(body["name"]) == body["state"]:
            return _said(400, f"Cannot transition status via :run from :{body['state']}")
        self.states[body["name"]] = body["state"]
        return Reply(201, {}, json.dumps(body).encode())
