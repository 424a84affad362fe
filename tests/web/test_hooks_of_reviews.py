"""Webhooks that tell of pull requests and comments: they rouse those who look at the forge, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from reconciler.model.http import Forge

from .fake_forge import review
from .serving import Serving

EVENTS = [
    (Forge.GITHUB, "pull_request"),
    (Forge.GITHUB, "issue_comment"),
    (Forge.GITLAB, "Merge Request Hook"),
    (Forge.GITLAB, "Note Hook"),
    (Forge.GITEA, "pull_request"),
    (Forge.GITEA, "pull_request_comment"),
    (Forge.GITEA, "issue_comment"),
    (Forge.BITBUCKET, "pullrequest:updated"),
    (Forge.BITBUCKET, "pullrequest:comment_created"),
    (Forge.GENERIC, "pull_request"),
]
EACH = pytest.mark.parametrize(("forge", "event"), EVENTS)


@pytest.fixture(autouse=True)
def _reviewed(served: Serving) -> Iterator[None]:
    served.loops.reviews.clear()
    served.loops.roused.clear()
    served.loops.reviewed = set(map(str, Forge))
    yield
    served.loops.reviewed = set()


def post(served: Serving, forge: Forge, event: str) -> httpx.Response:
    delivery = review(forge, event)
    return served.anybody.post(f"/hooks/{forge}", headers=delivery.headers, content=delivery.body)


@EACH
def test_the_pull_requests_of_its_source_are_looked_at(served: Serving, forge: Forge, event: str) -> None:
    answered = post(served, forge, event)
    assert (answered.status_code, answered.json()) == (202, {"result": "looking", "source": forge})
    assert served.loops.reviews == [forge]
    assert served.loops.roused == []


def test_where_none_are_reviewed_that_is_said(served: Serving) -> None:
    served.loops.reviewed = set()
    answered = post(served, Forge.GITHUB, "pull_request")
    assert answered.status_code == 202
    assert answered.json()["why"] == "its pull requests are not reviewed here: the source has no `pull_requests:`"


def test_a_wrong_signature_rouses_nobody(served: Serving) -> None:
    delivery = review(Forge.GITHUB, "pull_request").with_header("X-Hub-Signature-256", "sha256=00")
    answered = served.anybody.post("/hooks/github", headers=delivery.headers, content=delivery.body)
    assert answered.status_code == 401
    assert served.loops.reviews == []


def test_the_same_delivery_rouses_once(served: Serving) -> None:
    delivery = review(Forge.GITEA, "issue_comment")
    for status in (202, 409):
        answered = served.anybody.post("/hooks/gitea", headers=delivery.headers, content=delivery.body)
        assert answered.status_code == status
    assert served.loops.reviews == ["gitea"]
