"""The way to tell a receiver, by its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.exchange import place_of
from reconciler.model.notifications import Receiver, ReceiverType
from reconciler.notifications.base import Sender
from reconciler.notifications.forges import ForgeSender
from reconciler.notifications.mail import MailSender
from reconciler.notifications.slack import SlackSender
from reconciler.notifications.webhook import WebhookSender

_SENDERS: Mapping[ReceiverType, Callable[[Receiver], Sender]] = {
    ReceiverType.SLACK: SlackSender,
    ReceiverType.WEBHOOK: WebhookSender,
    ReceiverType.SMTP: MailSender,
    ReceiverType.GITHUB: ForgeSender,
    ReceiverType.GITLAB: ForgeSender,
    ReceiverType.GITEA: ForgeSender,
}


def address_of(receiver: Receiver) -> str:
    """How and where a receiver is told, without what is secret of it."""
    if receiver.mail is not None:
        return f"{receiver.type}, {receiver.mail.host}:{receiver.mail.port} for {', '.join(receiver.mail.recipients)}"
    place = place_of(receiver.url) if receiver.url else "at the address that its secret is"
    return f"{receiver.type}, {place}" + (f" {receiver.repository}" if receiver.repository else "")


def sender_for(receiver: Receiver) -> Sender:
    return _SENDERS[receiver.type](receiver)
