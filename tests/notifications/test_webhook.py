"""What any program gets: the event as JSON, signed, with a delivery that stays the same."""

from __future__ import annotations

import hashlib
import hmac
import json
import math

import pytest

from reconciler.model.notifications import Receiver, ReceiverType, Secret
from reconciler.notifications.webhook import WebhookSender

from .forges_served import COMMIT, TOKEN
from .listening import Listener
from .told import event, notification


def receiver(listener: Listener, secret: Secret | None = None) -> Receiver:
    return Receiver("any", ReceiverType.WEBHOOK, f"{listener.address}/hook", secret)


def test_it_gets_the_fields_of_the_event(listener: Listener) -> None:
    WebhookSender(receiver(listener)).send(notification(event(run_id="greet-1"), more=2, metrics={"rmse": 1.5}))
    assert listener.sent[0].body == {
        "delivery": "d" * 32,
        "source": "main",
        "kind": "pipeline",
        "name": "greet",
        "type": "Warning",
        "reason": "RunFailed",
        "message": "greet-1: step train: exited with status 3",
        "revision": f"main@sha1:{COMMIT}",
        "run": "greet-1",
        "moment": "2026-01-01T00:00:00Z",
        "metrics": {"rmse": 1.5},
        "more": 2,
    }


def test_the_bytes_that_come_are_those_that_are_signed(listener: Listener, token: Secret) -> None:
    WebhookSender(receiver(listener, token)).send(notification())
    (sent,) = listener.sent
    wanted = hmac.new(TOKEN.encode(), sent.content, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(sent.headers["x-reconciler-signature"], f"sha256={wanted}")
    assert TOKEN.encode() not in sent.content
    assert TOKEN not in str(sent.headers)


def test_without_a_secret_there_is_no_signature(listener: Listener) -> None:
    WebhookSender(receiver(listener)).send(notification())
    assert "x-reconciler-signature" not in listener.sent[0].headers


def test_sent_again_it_is_the_same_to_the_letter(listener: Listener, token: Secret) -> None:
    sender = WebhookSender(receiver(listener, token))
    sender.send(notification())
    sender.send(notification())
    first, second = listener.sent
    assert first.content == second.content
    assert first.headers["x-reconciler-delivery"] == second.headers["x-reconciler-delivery"] == "d" * 32


def test_a_metric_that_is_no_figure_is_null(listener: Listener) -> None:
    metrics = {"rmse": math.nan, "loss": math.inf, "accuracy": 0.8}
    WebhookSender(receiver(listener)).send(notification(metrics=metrics))
    (sent,) = listener.sent
    told = json.loads(sent.content, parse_constant=pytest.fail)  # a reader that keeps to the standard
    assert told["metrics"] == {"rmse": None, "loss": None, "accuracy": 0.8}
