"""A mail server on this machine, with certificates of its own."""

# ruff: noqa: ARG002, N802 - it is called as the library wants to

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "reconciler", "a password"


@dataclass
class Mailbox:
    """The server; `answer` is what it says to a message, "" to take it."""

    port: int = 0
    ca_file: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answer: str = ""
    answer_to_recipient: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.answer_to_recipient:
            return self.answer_to_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.answer:
            return self.answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return "250 taken"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        if is_right:
            self.signed_in.append(mechanism)
        return AuthResult(success=is_right, handled=False)


@contextmanager
def mail_server(folder: Path, is_starttls: bool = False, is_tls: bool = False, asks: bool = False) -> Iterator[Mailbox]:
    """Take mail: in the clear, after STARTTLS, or encrypted from the beginning; from those alone that sign in."""
    mailbox = Mailbox()
    context = None
    if is_starttls or is_tls:
        certificate, key = _certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        mailbox.ca_file = str(certificate)
    loop = asyncio.new_event_loop()
    made = loop.create_server(
        lambda: SMTP(
            mailbox,
            hostname="mail.test",
            loop=loop,
            tls_context=context if is_starttls else None,
            require_starttls=is_starttls,
            authenticator=mailbox.authenticate if asks else None,
            auth_required=asks,
            auth_require_tls=is_starttls,
        ),
        "127.0.0.1",
        0,
        ssl=context if is_tls else None,
    )
    server = loop.run_until_complete(made)
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    of_certificate, of_key = folder / "certificate.pem", folder / "key.pem"
    of_certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    of_key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return of_certificate, of_key
