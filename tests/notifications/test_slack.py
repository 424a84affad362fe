"""What a Slack-compatible hook gets."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from reconciler.model.notifications import Receiver, ReceiverType, Secret
from reconciler.notifications.base import NotTakenError
from reconciler.notifications.slack import SlackSender, body

from .listening import Listener
from .told import event, notification


def test_it_gets_a_text_and_blocks(listener: Listener) -> None:
    url = f"{listener.address}/services/T0/B0/hidden"
    SlackSender(Receiver("team", ReceiverType.SLACK, url)).send(notification(metrics={"val_accuracy": 0.80123}))
    (sent,) = listener.sent
    assert sent.path == "/services/T0/B0/hidden"
    assert sent.headers["content-type"] == "application/json"
    told = "greet-1: step train: exited with status 3 · val_accuracy 0.8012"
    assert sent.body["text"] == f"⚠ pipeline/greet: RunFailed: {told}"
    heading, small = sent.body["blocks"]
    assert heading["text"] == {"type": "mrkdwn", "text": f"*⚠ pipeline/greet: RunFailed*\n{told}", "verbatim": True}
    assert small["elements"][0]["text"].startswith("source main · main@sha1:1a2b")
    assert small["elements"][0]["text"].endswith("2026-01-01T00:00:00Z")


def test_what_was_too_fast_is_told_in_it() -> None:
    said = body(notification(more=12))
    assert "and 12 more" in said["text"]
    assert "and 12 more" in said["blocks"][-1]["text"]["text"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("<https://evil.example|here>", "&lt;https://evil.example|here&gt;"),
        ("<@U012AB3CD>", "&lt;@\u200bU012AB3CD&gt;"),
        ("@here and @all", "@\u200bhere and @\u200ball"),
        ("main@sha1:1a2b", "main@sha1:1a2b"),
        ("[here](https://evil.example)", "[here]\u200b(https://evil.example)"),
        ("\x1b[31mred\u202e", "[31mred"),
    ],
)
def test_nothing_in_a_message_calls_anybody_or_leads_anywhere(written: str, shown: str) -> None:
    said = json.dumps(body(notification(event(message=written))), ensure_ascii=False)
    assert shown in said
    assert written == shown or written not in said


def test_the_address_may_be_a_secret_that_no_log_shows(
    listener: Listener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "hook"
    file.write_text(f"{listener.address}/services/hidden\n", encoding="utf-8")
    sender = SlackSender(Receiver("team", ReceiverType.SLACK, secret=Secret(file=str(file))))
    with caplog.at_level(logging.INFO):
        sender.send(notification())
    assert listener.sent[0].path == "/services/hidden"
    assert "hidden" not in caplog.text


def test_a_secret_that_is_no_address_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text("file:///etc/hidden", encoding="utf-8")
    with pytest.raises(NotTakenError) as refused:
        SlackSender(Receiver("team", ReceiverType.SLACK, secret=Secret(file=str(file)))).send(notification())
    assert str(file) in str(refused.value)
    assert "hidden" not in str(refused.value)
