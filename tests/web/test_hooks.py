"""Webhooks: what is taken, what is refused, and whose loop is roused."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.http import Forge, Hook, HttpSettings

from .fake_forge import SECRET, Delivery, ping, push, signed
from .serving import ANYWHERE, Serving, serving

EACH = pytest.mark.parametrize("forge", list(Forge))
SIGNATURES = ("X-Hub-Signature-256", "X-Hub-Signature", "X-Gitlab-Token", "X-Gitea-Signature", "X-Reconciler-Signature")


def post(served: Serving, source: str, delivery: Delivery) -> httpx.Response:
    served.loops.roused.clear()
    return served.anybody.post(f"/hooks/{source}", headers=delivery.headers, content=delivery.body)


@EACH
def test_a_push_rouses_exactly_its_source(served: Serving, forge: Forge) -> None:
    answered = post(served, forge, push(forge))
    assert (answered.status_code, answered.json()) == (202, {"result": "looking", "source": forge})
    assert served.loops.roused == [(forge, f"webhook {forge} push")]


@EACH
def test_a_pushed_tag_rouses_it_too_as_it_may_release_a_version(served: Serving, forge: Forge) -> None:
    assert post(served, forge, push(forge, "refs/tags/component/split/v1.2.0")).json()["result"] == "looking"
    assert len(served.loops.roused) == 1


@EACH
def test_a_wrong_or_missing_signature_is_refused(served: Serving, forge: Forge) -> None:
    for delivery in (push(forge, secret="a wrong secret"), push(forge).without(*SIGNATURES)):
        answered = post(served, forge, delivery)
        assert answered.status_code == 401
        assert answered.headers["content-type"] == "application/problem+json"
        assert answered.json()["hint"]
        assert served.loops.roused == []


@pytest.mark.parametrize("forge", [forge for forge in Forge if forge is not Forge.GITLAB])
def test_a_delivery_that_was_seen_is_refused(served: Serving, forge: Forge) -> None:
    delivery = push(forge)
    assert post(served, forge, delivery).status_code == 202
    assert post(served, forge, delivery).status_code == 409
    assert served.loops.roused == []


def test_gitlab_is_merely_told_as_it_switches_hooks_off_that_refuse(served: Serving) -> None:
    delivery = push(Forge.GITLAB)
    assert post(served, "gitlab", delivery).json()["result"] == "looking"
    again = post(served, "gitlab", delivery)
    assert (again.status_code, again.json()["why"]) == (202, "this was delivered before")
    assert served.loops.roused == []


@pytest.mark.parametrize(
    ("forge", "header"),
    [
        (Forge.GITHUB, "X-GitHub-Delivery"),
        (Forge.GITEA, "X-Gitea-Delivery"),
        (Forge.BITBUCKET, "X-Request-UUID"),
    ],
)
def test_a_replay_under_another_id_is_refused_as_no_id_is_signed(served: Serving, forge: Forge, header: str) -> None:
    delivery = push(forge)
    assert post(served, forge, delivery).status_code == 202
    assert post(served, forge, delivery.with_header(header, "another")).status_code == 409


def test_a_forged_delivery_spends_no_id(served: Serving) -> None:
    delivery = push(Forge.GITHUB)
    assert post(served, "github", delivery.with_header("X-Hub-Signature-256", "sha256=00")).status_code == 401
    assert post(served, "github", delivery).status_code == 202


@EACH
def test_a_push_to_another_branch_is_ignored(served: Serving, forge: Forge) -> None:
    answered = post(served, forge, push(forge, "refs/heads/topic"))
    assert answered.status_code == 202
    assert answered.json() == {
        "result": "ignored",
        "source": forge,
        "why": "branch `main` is followed, not refs/heads/topic",
    }
    assert served.loops.roused == []


def test_a_ping_is_answered(served: Serving) -> None:
    assert post(served, "github", ping()).json() == {"result": "pong", "source": "github"}
    assert post(served, "github", ping("a wrong secret")).status_code == 401
    assert served.loops.roused == []


def test_another_event_is_ignored(served: Serving) -> None:
    answered = post(served, "github", push(Forge.GITHUB).with_header("X-GitHub-Event", "issues"))
    assert (answered.status_code, answered.json()["why"]) == (202, "`issues` is no push")


def test_a_hook_of_anybody_needs_no_body(served: Serving) -> None:
    for _ in range(2):  # nor an id
        answered = post(served, "generic", Delivery({"Authorization": f"Bearer {SECRET}"}, b""))
        assert answered.json()["result"] == "looking"


@pytest.mark.parametrize("source", ["nobody", "main", "..%2fmain"])
def test_a_source_without_a_hook_is_unknown(served: Serving, source: str) -> None:
    assert post(served, source, push(Forge.GITHUB)).status_code == 404
    assert served.loops.roused == []


def test_a_body_that_is_no_json_is_refused(served: Serving) -> None:
    delivery = Delivery({"Authorization": f"Bearer {SECRET}"}, b"{no json")
    answered = post(served, "generic", delivery)
    assert (answered.status_code, answered.json()["hint"]) == (400, "have the forge send `application/json`")


def test_a_body_that_is_told_to_be_too_long_is_not_read(served: Serving) -> None:
    host, port = urlsplit(served.address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST /hooks/github HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n")
        answered = connection.recv(65_536)  # although nothing of the body was sent
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answered.lower()


def test_a_body_that_turns_out_to_be_too_long_is_read_no_further(served: Serving) -> None:
    host, port = urlsplit(served.address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST /hooks/github HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(16):
            connection.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
        connection.sendall(b"1\r\na\r\n")
        answered = connection.recv(65_536)
    assert answered.startswith(b"HTTP/1.1 413 ")


def test_one_byte_less_is_taken(served: Serving) -> None:
    delivery = Delivery({"Authorization": f"Bearer {SECRET}"}, b" " * (1 << 20))
    assert post(served, "generic", delivery).status_code == 202


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    told = HttpSettings(ANYWHERE, hooks={"main": Hook(Forge.GITHUB, SECRET)})
    with serving(tmp_path / "state", told, body_seconds=0.5) as served:
        assert served.anybody.get("/healthz").status_code == 200  # by now it has come up
        host, port = urlsplit(served.address).netloc.split(":")
        began = time.monotonic()
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(b"POST /hooks/main HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 9


def test_a_source_that_is_followed_no_more_has_no_hook(served: Serving) -> None:
    before = served.loops.settings
    served.loops.settings = {name: each for name, each in before.items() if name != "gitea"}
    try:
        assert post(served, "gitea", push(Forge.GITEA)).status_code == 404
    finally:
        served.loops.settings = before


@given(
    forge=st.sampled_from(Forge),
    body=st.one_of(st.binary(max_size=200), st.just(b"[" * 100_000), st.just(b'{"ref": ' * 50_000)),
    event=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_under_a_good_signature_is_answered(
    served: Serving, forge: Forge, body: bytes, event: str
) -> None:
    headers = {**signed(forge, body), "X-GitHub-Event": event.strip() or "push"}
    posted = served.anybody.post(
        f"/hooks/{forge}", headers=[(n.encode(), v.encode("latin-1")) for n, v in headers.items()], content=body
    )
    assert posted.status_code in (200, 202, 400, 409)
