"""The status of a commit, as each forge takes it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from reconciler.model.events import Event
from reconciler.model.notifications import Notification, Receiver, ReceiverType, Secret
from reconciler.notifications.base import NotNowError, NotTakenError
from reconciler.notifications.commit_status import repository_of, status_of
from reconciler.notifications.forges import ForgeSender

from .forges_served import Forge, GitLab, gitea, github
from .listening import Listener, Reply
from .told import event, notification

SOURCES = {
    ReceiverType.GITHUB: "https://127.0.0.1/ml/loans.git",
    ReceiverType.GITEA: "ssh://git@127.0.0.1:2222/ml/loans.git",
    ReceiverType.GITLAB: "git@127.0.0.1:ml/team/loans.git",
}
RUN = [
    ("RunStarted", "greet-1 started by push"),
    ("RunSucceeded", "greet-1 succeeded in 1.5 s"),
    ("RunFailed", "greet-1: a step failed"),
    ("RunCancelled", "greet-1 was cancelled: ended by hand"),
]


def serve(listener: Listener, kind: ReceiverType) -> None:
    forges: dict[ReceiverType, Forge] = {
        ReceiverType.GITHUB: github,
        ReceiverType.GITEA: gitea,
        ReceiverType.GITLAB: GitLab(),
    }
    listener.reply = forges[kind]


def of(kind: ReceiverType, told: Event, metrics: dict[str, float] | None = None) -> Notification:
    return notification(told, metrics=metrics, source_url=SOURCES[kind])


@pytest.mark.parametrize(
    ("kind", "states", "name"),
    [
        (ReceiverType.GITHUB, ["pending", "success", "failure", "error"], "context"),
        (ReceiverType.GITEA, ["pending", "success", "failure", "error"], "context"),
        (ReceiverType.GITLAB, ["running", "success", "failed", "canceled"], "name"),
    ],
)
def test_a_run_is_shown_from_its_start_to_its_end(
    listener: Listener, token: Secret, kind: ReceiverType, states: list[str], name: str
) -> None:
    serve(listener, kind)
    sender = ForgeSender(Receiver("commits", kind, listener.address, token))
    for reason, message in RUN:
        sender.send(of(kind, event(reason, message)))
    bodies = [sent.body for sent in listener.sent]
    assert [body["state"] for body in bodies] == states
    assert {body[name] for body in bodies} == {"reconciler/greet"}
    assert [body["description"] for body in bodies] == [message for _, message in RUN]


@pytest.mark.parametrize("kind", SOURCES)
def test_the_metric_comes_first_and_long_texts_are_cut(listener: Listener, token: Secret, kind: ReceiverType) -> None:
    serve(listener, kind)
    sender = ForgeSender(Receiver("commits", kind, listener.address, token))
    sender.send(of(kind, event("RunSucceeded", "long " * 100), {"val_accuracy": 0.80123}))
    description: Any = listener.sent[0].body["description"]
    assert description.startswith("val_accuracy 0.8012 · long long")
    assert description.endswith("…")


@pytest.mark.parametrize("kind", SOURCES)
def test_a_wrong_token_is_said_and_not_shown(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, kind: ReceiverType
) -> None:
    serve(listener, kind)
    monkeypatch.setenv("FORGE_TOKEN", "hidden")
    with pytest.raises(NotTakenError, match="answered 401 Unauthorized") as refused:
        ForgeSender(Receiver("commits", kind, listener.address, Secret("FORGE_TOKEN"))).send(of(kind, event()))
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("kind", SOURCES)
def test_the_same_status_again_does_no_harm(listener: Listener, token: Secret, kind: ReceiverType) -> None:
    """As after a crash between sending it and noting that."""
    serve(listener, kind)
    sender = ForgeSender(Receiver("commits", kind, listener.address, token))
    sender.send(of(kind, event("RunStarted")))
    sender.send(of(kind, event("RunStarted")))
    assert len(listener.sent) == 2


@pytest.mark.parametrize(
    ("kind", "status", "headers", "at_least"),
    [
        (ReceiverType.GITHUB, 403, {"Retry-After": "60"}, 60),
        (ReceiverType.GITHUB, 429, {"Retry-After": "60"}, 60),
        (ReceiverType.GITHUB, 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}, 80),
        (ReceiverType.GITLAB, 429, {"RateLimit-Reset": "RESET"}, 80),
        (ReceiverType.GITLAB, 429, {"Retry-After": "60"}, 60),
        (ReceiverType.GITEA, 429, {"Retry-After": "60"}, 60),
    ],
)
def test_a_limit_is_waited_out(
    listener: Listener, token: Secret, kind: ReceiverType, status: int, headers: dict[str, str], at_least: int
) -> None:
    reset = str(int(time.time()) + 90)
    listener.replies = [Reply(status, {name: value.replace("RESET", reset) for name, value in headers.items()})]
    with pytest.raises(NotNowError) as limited:
        ForgeSender(Receiver("commits", kind, listener.address, token)).send(of(kind, event()))
    assert at_least <= limited.value.after <= 90


def test_a_refusal_of_github_that_is_no_limit_is_one(listener: Listener, token: Secret) -> None:
    listener.replies = [Reply(403, {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": "99"})]
    with pytest.raises(NotTakenError):
        ForgeSender(Receiver("commits", ReceiverType.GITHUB, listener.address, token)).send(
            of(ReceiverType.GITHUB, event())
        )


@pytest.mark.parametrize(
    ("told", "url", "is_wanted"),
    [
        (event("RunStarted"), "https://forge.example.org/ml/loans", True),
        (event("RunRestored"), "https://forge.example.org/ml/loans", True),
        (event("Applied"), "https://forge.example.org/ml/loans", False),
        (event("RunFailed", kind="schedule"), "https://forge.example.org/ml/loans", False),
        (event("RunStarted"), "https://another.example.org/ml/loans", False),
        (event("RunStarted"), "/srv/git/loans.git", False),
        (event("RunStarted"), "", False),
    ],
)
def test_only_runs_of_commits_that_the_forge_has_are_told(told: Event, url: str, is_wanted: bool) -> None:
    """So a token never goes to another forge than the one that it is for."""
    sender = ForgeSender(Receiver("commits", ReceiverType.GITEA, "https://forge.example.org"))
    assert sender.wants(notification(told, source_url=url)) is is_wanted


def test_the_run_of_a_preview_is_told_by_the_name_of_its_pipeline() -> None:
    told = notification(event("RunStarted", name="greet@pr-12"), source_url="https://forge.example.org/ml/loans")
    status = status_of(told)
    assert status is not None
    assert status.name == "reconciler/greet"


def test_a_repository_that_is_named_is_that_of_any_source() -> None:
    receiver = Receiver("commits", ReceiverType.GITEA, "https://forge.example.org", repository="ml/loans")
    assert ForgeSender(receiver).wants(notification(event("RunStarted"), source_url="/srv/git/loans.git"))


@pytest.mark.parametrize(
    ("url", "forge", "repository"),
    [
        ("https://github.com/ml/loans.git", "https://github.com", "ml/loans"),
        ("https://***@github.com/ml/loans", "https://github.com", "ml/loans"),
        ("git@github.com:ml/loans.git", "https://github.com", "ml/loans"),
        ("ssh://git@GitHub.com:22/ml/loans.git/", "https://github.com", "ml/loans"),
        ("https://example.org/git/ml/team/loans.git", "https://example.org/git", "ml/team/loans"),
        ("https://example.org:8443/ml/loans", "https://example.org", "ml/loans"),
        ("https://github.com.evil.example/ml/loans", "https://github.com", ""),
        ("https://github.com/loans", "https://github.com", ""),
        ("https://github.com/ml/../loans", "https://github.com", ""),
        ("file:///srv/git/loans.git", "https://github.com", ""),
        ("/srv/git/loans.git", "https://github.com", ""),
        ("../loans", "https://github.com", ""),
    ],
)
def test_the_repository_is_told_by_the_address_of_the_source(url: str, forge: str, repository: str) -> None:
    assert repository_of(url, forge) == repository
