"""Mail, as a server takes it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.model.notifications import Encryption, Mail, Receiver, ReceiverType, Secret
from reconciler.notifications.base import NotNowError, NotTakenError
from reconciler.notifications.mail import MailSender, letter

from .mail_server import PASSWORD, USER, mail_server
from .told import event, notification

NONE, STARTTLS, TLS = Encryption.NONE, Encryption.STARTTLS, Encryption.TLS
TO = ("a@example.org", "b@example.org")


def sender(
    port: int, encryption: Encryption = NONE, secret: Secret | None = None, ca_file: str = "", deadline: float = 10.0
) -> MailSender:
    username = USER if secret else ""
    mail = Mail("127.0.0.1", port, "reconciler <reconciler@example.org>", TO, encryption, username)
    return MailSender(Receiver("ops", ReceiverType.SMTP, secret=secret, ca_file=ca_file, mail=mail), deadline)


@pytest.fixture
def password(tmp_path: Path) -> Secret:
    file = tmp_path / "password"
    file.write_text(PASSWORD, encoding="utf-8")
    return Secret(file=str(file))


def test_it_is_plain_text_from_one_to_all(tmp_path: Path) -> None:
    with mail_server(tmp_path) as mailbox:
        sender(mailbox.port).send(notification(event(message="größer als\nvorher"), more=3))
    (got,) = mailbox.letters
    assert got["From"] == "reconciler <reconciler@example.org>"
    assert got["To"] == "a@example.org, b@example.org"
    assert got["Subject"] == "[reconciler] ⚠ pipeline/greet: RunFailed"
    assert got["Message-ID"] == f"<{'d' * 32}@reconciler>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_content_type() == "text/plain"
    paragraphs = got.get_content().replace("\r\n", "\n").strip().split("\n\n")
    assert paragraphs[0] == "größer als\nvorher"
    assert paragraphs[1].startswith("source main · main@sha1:")
    assert paragraphs[2].startswith("and 3 more")


def test_a_name_cannot_write_headers() -> None:
    mail = Mail("127.0.0.1", 25, "a@example.org", TO)
    written = letter(notification(event(reason="Bad\r\nBcc: everybody@example.org")), mail)
    assert written["Bcc"] is None
    assert written["Subject"] == "[reconciler] pipeline/greet: Bad Bcc: everybody@example.org"


def test_it_signs_in_once_the_connection_is_encrypted(tmp_path: Path, password: Secret) -> None:
    with mail_server(tmp_path, is_starttls=True, asks=True) as mailbox:
        sender(mailbox.port, STARTTLS, password, mailbox.ca_file).send(notification())
    assert (len(mailbox.letters), mailbox.encrypted, len(mailbox.signed_in)) == (1, [True], 1)


def test_it_speaks_tls_from_the_beginning(tmp_path: Path) -> None:
    with mail_server(tmp_path, is_tls=True) as mailbox:
        sender(mailbox.port, TLS, ca_file=mailbox.ca_file).send(notification())
    assert len(mailbox.letters) == 1


@pytest.mark.parametrize("encryption", [STARTTLS, TLS])
def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, encryption: Encryption) -> None:
    with (
        mail_server(tmp_path, is_starttls=encryption is STARTTLS, is_tls=encryption is TLS) as mailbox,
        pytest.raises(NotNowError, match="certificate verify failed"),
    ):
        sender(mailbox.port, encryption).send(notification())
    assert mailbox.letters == []


def test_a_server_without_encryption_gets_nothing_where_it_is_wanted(tmp_path: Path) -> None:
    with mail_server(tmp_path) as mailbox, pytest.raises(NotTakenError, match="STARTTLS"):
        sender(mailbox.port, STARTTLS).send(notification())
    assert mailbox.letters == []


def test_a_wrong_password_is_said_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hidden")
    with (
        mail_server(tmp_path, is_starttls=True, asks=True) as mailbox,
        pytest.raises(NotTakenError, match="answered 535") as refused,
    ):
        sender(mailbox.port, STARTTLS, Secret("MAIL_PASSWORD"), mailbox.ca_file).send(notification())
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "error"), [("451 busy, try later", NotNowError), ("554 this is spam", NotTakenError)]
)
def test_what_the_server_answers_says_whether_it_is_tried_again(
    tmp_path: Path, answer: str, error: type[Exception]
) -> None:
    with mail_server(tmp_path) as mailbox:
        mailbox.answer = answer
        with pytest.raises(error, match=f"answered {answer[:3]}"):
            sender(mailbox.port).send(notification())


def test_one_recipient_that_is_unknown_takes_nothing_from_the_others(tmp_path: Path) -> None:
    with mail_server(tmp_path) as mailbox:
        mailbox.answer_to_recipient = {TO[0]: "550 unknown"}
        sender(mailbox.port).send(notification())
    assert len(mailbox.letters) == 1


@pytest.mark.parametrize(("answer", "error"), [("450 later", NotNowError), ("550 unknown", NotTakenError)])
def test_recipients_that_are_all_refused_are_named(tmp_path: Path, answer: str, error: type[Exception]) -> None:
    with mail_server(tmp_path) as mailbox:
        mailbox.answer_to_recipient = dict.fromkeys(TO, answer)
        with pytest.raises(error, match=r"takes no mail for a@example\.org, b@example\.org"):
            sender(mailbox.port).send(notification())


@contextmanager
def endless(line: bytes) -> Iterator[int]:
    """A server that greets and then says the same again and again, slowly."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    while not is_over.wait(0.05):
                        connection.sendall(line)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            is_over.set()
            thread.join()


@pytest.mark.parametrize("line", [b"", b"220-not yet\r\n", b"2"], ids=["silent", "talkative", "slow"])
def test_a_server_that_hangs_is_left_when_its_time_is_over(line: bytes) -> None:
    begun = time.monotonic()
    with endless(line) as port, pytest.raises(NotNowError):
        sender(port, deadline=0.5).send(notification())
    assert time.monotonic() - begun < 2


def test_a_server_that_is_not_there_may_come() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotNowError, match="cannot be spoken to"):
            sender(taken.getsockname()[1]).send(notification())
