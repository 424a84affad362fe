"""Receivers in the configuration: every field, defaults, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.configuration.read import read_configuration
from reconciler.model.errors import UsageError
from reconciler.model.notifications import Encryption, Mail, Rate, Receiver, ReceiverType, Secret, Selection

from .receivers_example import RECEIVERS


def read(tmp_path: Path, text: str) -> tuple[Receiver, ...]:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return read_configuration(file, {}).receivers


def test_every_field_is_read(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    team, any_, ops, local, old, hub, lab, tea = read(tmp_path, RECEIVERS.replace("CA_FILE", str(ca_file)))
    assert team == Receiver(
        "team",
        ReceiverType.SLACK,
        secret=Secret("SLACK_HOOK"),
        selection=Selection(False, ("pipeline", "source"), ("lending*",), ("loans",)),
        rate=Rate(5, 3600.0),
    )
    assert any_ == Receiver(
        "any", ReceiverType.WEBHOOK, "https://example.org/hook", Secret(file="/run/secret"), ca_file=str(ca_file)
    )
    to = ("a@example.org", "B <b@example.org>")
    sender = "reconciler <reconciler@example.org>"
    assert ops.mail == Mail("mail.example.org", 2525, sender, to, Encryption.STARTTLS, "robot")
    assert ops.secret == Secret("MAIL_PASSWORD")
    assert local.mail == Mail("localhost", 587, "a@example.org", ("b@example.org",), Encryption.NONE)
    assert old.mail == Mail("mail.example.org", 465, "a@example.org", ("b@example.org",), Encryption.TLS)
    assert (hub.url, hub.repository, hub.rate) == ("https://github.com", "ml/loans", Rate(60, 60.0))
    assert hub.selection == Selection(False, (), ("a",), ("b",))
    assert lab.url == "https://git.example.org"
    assert tea.rate == Rate(1, 1.0)


def test_by_default_warnings_are_told_ten_a_minute(tmp_path: Path) -> None:
    (receiver,) = read(tmp_path, 'notifications: [{name: a, type: webhook, url: "http://a"}]\n')
    assert receiver == Receiver("a", ReceiverType.WEBHOOK, "http://a", None, Selection(True, (), ("*",), ("*",)))
    assert receiver.rate == Rate(10, 60.0)


def test_without_any_there_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "notifications: []\n") == ()
    assert read(tmp_path, "docker: {}\n") == ()


HOOK = "type: webhook, url: https://a"
MAIL = "type: smtp, host: m, from: a@b, to: c@d"
FORGE = "type: gitea, url: https://a, secret: {env: A}"


@pytest.mark.parametrize(
    ("receiver", "at", "message"),
    [
        ("type: pigeon", "type", "pigeon"),
        (f"{HOOK}, host: b", "host", "`host` is of no use for a receiver of type webhook"),
        (f"{HOOK}, repository: a/b", "repository", "`repository` is of no use"),
        (f"{MAIL}, url: https://a", "url", "`url` is of no use"),
        ("type: slack", "{name", "the address of the hook is to be told in one way"),
        ("type: slack, url: https://a, secret: {env: A}", "{name", "the address of the hook is to be told in one way"),
        ("type: webhook", "{name", "a receiver of type webhook needs `url`"),
        ("type: smtp, from: a@b, to: c@d", "{name", "a receiver of type smtp needs `host`"),
        ("type: github", "{name", "a receiver of type github needs `secret`"),
        ("type: gitea, secret: {env: A}", "{name", "a receiver of type gitea needs `url`"),
        ("type: webhook, url: ftp://a", "url", "this is no address on the web"),
        ("type: webhook, url: 'https://'", "url", "this is no address on the web"),
        ("type: webhook, url: 'https://a b'", "url", "this is no address on the web"),
        ("type: webhook, url: 'https://a:b'", "url", "this is no address"),
        ("type: webhook, url: https://u:p@a", "url", "the address holds credentials"),
        ("type: gitea, url: http://a, secret: {env: A}", "url", "a token goes over HTTPS alone"),
        ("type: github, url: https://api.github.com, secret: {env: A}", "url", "not the address of the forge itself"),
        (f"{FORGE}, events: {{severity: warning}}", "severity", "a forge is told of every run"),
        (f"{FORGE}, events: {{kinds: [pipeline]}}", "kinds", "a forge is told of every run"),
        (f"{HOOK}, events: {{kinds: [robot]}}", "robot", "robot"),
        (f"{HOOK}, rate: fast", "rate", "fast"),
        (f"{HOOK}, rate: 0/min", "rate", "nothing at all would be sent"),
        (f"{HOOK}, secret: hidden", "secret", "secret"),
        (f"{HOOK}, ca_file: /nowhere", "ca_file", "`/nowhere` cannot be read"),
        (f"{MAIL}, starttls: true, tls: true", "tls: true}", "`starttls` and `tls` exclude each other"),
        (f"{MAIL}, username: a", "{name", "a user name and a password"),
        (f"{MAIL}, starttls: false, username: a, secret: {{env: A}}", "starttls", "over an encrypted connection alone"),
        ("type: smtp, host: m, from: nobody, to: c@d", "from", "`nobody` is no address of mail"),
        ("type: smtp, host: m, from: a@b, to: [c@d, 'e@f, g@h']", "'e@f", "`e@f, g@h` is no address of mail"),
        ('type: smtp, host: m, from: a@b, to: "a@b\\nBcc: c@d"', "to", "is no address of mail"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path: Path, receiver: str, at: str, message: str) -> None:
    line = f"- {{name: a, {receiver}}}"
    with pytest.raises(UsageError) as refused:
        read(tmp_path, f"notifications:\n{line}\n")
    assert message in refused.value.message
    assert "hidden" not in str(refused.value)
    assert str(refused.value.place).endswith(f"config.yaml:2:{line.index(at) + 1}")
    assert refused.value.hint


def test_a_name_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, f"notifications:\n- {{name: a, {HOOK}}}\n- {{name: a, {HOOK}}}\n")
    assert refused.value.message == "there is a receiver `a` already"
    assert str(refused.value.place).endswith("config.yaml:3:4")
