"""`notify test` and what `doctor` says of receivers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.state.folder import StateFolder
from reconciler.state.sources import SourceState
from reconciler.state.store import State
from tests.notifications.forges_served import COMMIT, TOKEN, gitea
from tests.notifications.listening import Listener, Reply, listening

from .program import Answer, reconciler


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def configured(tmp_path: Path, *receivers: dict[str, Any]) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps({"notifications": receivers}), encoding="utf-8")
    return file


def notified(tmp_path: Path, name: str, *receivers: dict[str, Any]) -> Answer:
    return reconciler(
        "notify", "test", name, "--state", tmp_path / "state", "--config", configured(tmp_path, *receivers)
    )


def test_a_message_is_sent(tmp_path: Path, listener: Listener) -> None:
    answer = notified(tmp_path, "team", {"name": "team", "type": "slack", "url": f"{listener.address}/hidden"})
    assert (answer.code, answer.out) == (0, "team: the message was taken\n")
    assert "a test: what happens is told here" in listener.sent[0].body["text"]


def test_what_is_refused_is_said_without_the_address(tmp_path: Path, listener: Listener) -> None:
    listener.replies = [Reply(404)]
    answer = notified(tmp_path, "team", {"name": "team", "type": "slack", "url": f"{listener.address}/hidden"})
    assert answer.code == 1
    assert f"error: {listener.address} answered 404 Not Found" in answer.err
    assert "hint: " in answer.err
    assert "hidden" not in answer.err


def test_a_receiver_that_is_not_there_is_looked_for(tmp_path: Path) -> None:
    answer = notified(tmp_path, "taem", {"name": "team", "type": "slack", "url": "http://127.0.0.1:1"})
    assert answer.code == 1
    assert "there is no receiver `taem`" in answer.err
    assert "did you mean `team`?" in answer.err


def test_a_forge_gets_a_status_of_the_commit_that_is_applied(tmp_path: Path, state: Path, listener: Listener) -> None:
    listener.reply = gitea
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    secret = {"file": str(tmp_path / "token")}
    receiver = {"name": "commits", "type": "gitea", "url": listener.address, "secret": secret}
    answer = notified(tmp_path, "commits", receiver)
    assert answer.code == 1
    assert "no revision of a source at this forge is applied" in answer.err
    opened = State(StateFolder(state))
    opened.sources.save(SourceState("main", "https://127.0.0.1/ml/loans.git", "main", applied_commit=COMMIT))
    opened.close()
    answer = notified(tmp_path, "commits", receiver)
    assert answer.out == f"commits: `reconciler/test` is set for ml/loans at {COMMIT[:10]}\n"
    assert listener.sent[-1].body["context"] == "reconciler/test"


def test_doctor_says_whether_secrets_can_be_read(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "hidden")
    monkeypatch.delenv("NO_SECRET", raising=False)
    hook = {"type": "webhook", "url": "https://hooks.example.org/hidden"}
    mail = {"type": "smtp", "host": "mail.example.org", "from": "a@example.org", "to": "b@example.org"}
    config = configured(
        tmp_path,
        {"name": "good", **hook, "secret": {"env": "HOOK_SECRET"}},
        {"name": "bad", **hook, "secret": {"env": "NO_SECRET"}},
        {"name": "ops", **mail},
    )
    answer = reconciler("doctor", "--state", state, "--engine", "process", "--config", config, "-o", "json")
    found = {each["check"]: each for each in answer.data if each["check"].startswith("receiver ")}
    assert {name: each["ok"] for name, each in found.items()} == {
        "receiver good": True,
        "receiver bad": False,
        "receiver ops": True,
    }
    place = "webhook, https://hooks.example.org"
    assert found["receiver good"]["message"] == f"{place}; its secret in $HOOK_SECRET can be read"
    assert found["receiver bad"]["message"] == f"{place}; the variable `NO_SECRET` is not set"
    assert found["receiver bad"]["hint"] == "set it for the daemon"
    assert found["receiver ops"]["message"] == "smtp, mail.example.org:587 for b@example.org; it needs no secret"
    assert "hidden" not in answer.out
