"""Mail in plain text, handed to a server by SMTP."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from reconciler.model.notifications import Encryption, Mail, Notification, Receiver
from reconciler.notifications.base import DEADLINE_SECONDS, NotNowError, NotTakenError
from reconciler.notifications.secret_values import secret_value
from reconciler.notifications.wording import context, message, one_line, others, title

log = logging.getLogger("reconciler")
_PERMANENT = 500


class MailSender:
    """Hands messages to one server."""

    folds = True

    def __init__(self, receiver: Receiver, deadline: float = DEADLINE_SECONDS) -> None:
        if receiver.mail is None:
            raise ValueError(f"{receiver.name} is no receiver of mail")
        self._receiver = receiver
        self._mail = receiver.mail
        self._deadline = deadline

    def wants(self, _: Notification) -> bool:
        return True

    def send(self, notification: Notification) -> None:
        """See `Sender`."""
        password = secret_value(self._receiver.secret)
        place = f"{self._mail.host}:{self._mail.port}"
        try:
            with self._connected() as client:
                if self._mail.username:
                    client.login(self._mail.username, password)
                refused = client.send_message(letter(notification, self._mail), self._mail.sender)
        except smtplib.SMTPNotSupportedError as error:
            raise NotTakenError(f"{place}: {error}", hint="mend `starttls:`, `tls:` or `username:`") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(place, dict(error.recipients)) from error
        except smtplib.SMTPResponseException as error:
            told, said = f"{place} answered {error.smtp_code}", f"it said: {_text(error.smtp_error)}"
            if error.smtp_code >= _PERMANENT:
                raise NotTakenError(told, hint=said) from error
            raise NotNowError(told, hint=said) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotNowError(f"{place} cannot be spoken to: {error}") from error
        if refused:
            log.warning("%s takes no mail for %s", place, ", ".join(sorted(refused)))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        trusted = ssl.create_default_context(cafile=self._receiver.ca_file or None)
        mail, ends = self._mail, _Ends(self._deadline)
        name = socket.gethostname() or "localhost"  # a full one may take the resolver a while
        with ends:
            try:
                if mail.encryption is Encryption.TLS:
                    client: smtplib.SMTP = _tls_client(ends, mail, name, self._deadline, trusted)
                else:
                    client = _client(ends, mail, name, self._deadline)
                with client:
                    if mail.encryption is Encryption.STARTTLS:
                        client.starttls(context=trusted)
                    yield client
            except (smtplib.SMTPServerDisconnected, OSError) as error:
                if ends.has_come:
                    told = f"{mail.host}:{mail.port} was not done within {self._deadline:g} seconds"
                    raise NotNowError(told) from error
                raise


class _Ends:
    """Ends a connection when its time is over, however slowly a server goes on to speak."""

    def __init__(self, seconds: float) -> None:
        self.client: Any = None
        self.has_come = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def _end(self) -> None:
        self.has_come = True
        connection = getattr(self.client, "sock", None)
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _client(ends: _Ends, mail: Mail, name: str, timeout: float) -> smtplib.SMTP:
    """A connection that the timer knows before it is made."""

    class Client(smtplib.SMTP):
        def __init__(self) -> None:
            ends.client = self
            super().__init__(mail.host, mail.port, name, timeout)

    return Client()


def _tls_client(ends: _Ends, mail: Mail, name: str, timeout: float, trusted: ssl.SSLContext) -> smtplib.SMTP:
    class Client(smtplib.SMTP_SSL):
        def __init__(self) -> None:
            ends.client = self
            super().__init__(mail.host, mail.port, name, timeout=timeout, context=trusted)

    return Client()


def letter(notification: Notification, mail: Mail) -> EmailMessage:
    """The message; sent again, it has the same id."""
    written = EmailMessage()
    written["From"] = mail.sender
    written["To"] = ", ".join(mail.recipients)
    written["Subject"] = one_line(f"[reconciler] {title(notification)}")
    written["Date"] = format_datetime(datetime.fromtimestamp(notification.event.last, UTC))
    written["Message-ID"] = f"<{notification.delivery}@reconciler>"
    written["Auto-Submitted"] = "auto-generated"
    parts = (message(notification), context(notification), others(notification))
    written.set_content("\n\n".join(filter(None, parts)) + "\n")
    return written


def _refusal(place: str, refused: Mapping[str, tuple[int, bytes]]) -> NotTakenError | NotNowError:
    first = next(iter(refused), "")
    code, said = refused.get(first, (_PERMANENT, b""))
    told, hint = f"{place} takes no mail for {', '.join(sorted(refused))}: {code}", f"it said: {_text(said)}"
    if all(each >= _PERMANENT for each, _ in refused.values()):
        return NotTakenError(told, hint=f"{hint}; mend `to:`")
    return NotNowError(told, hint=hint)


def _text(said: bytes | str) -> str:
    return one_line(said.decode(errors="replace") if isinstance(said, bytes) else said)
