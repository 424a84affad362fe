"""A hook of any program: the event as JSON, signed."""

from __future__ import annotations

import hashlib
import hmac

from reconciler.model.notifications import Notification, Receiver
from reconciler.model.strict_json import strict_json
from reconciler.notifications.secret_values import secret_value
from reconciler.notifications.web import Posting, check, post
from reconciler.notifications.wording import fields_of

SIGNATURE, DELIVERY = "X-Reconciler-Signature", "X-Reconciler-Delivery"


class WebhookSender:
    """Posts the fields of an event; with a secret, the bytes that are sent are signed with it."""

    folds = True

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def wants(self, _: Notification) -> bool:
        return True

    def send(self, notification: Notification) -> None:
        """See `Sender`."""
        content = strict_json(fields_of(notification), ensure_ascii=True).encode()
        headers = {"Content-Type": "application/json", DELIVERY: notification.delivery}
        secret = secret_value(self._receiver.secret)
        if secret:
            headers[SIGNATURE] = signature(secret, content)
        posting = Posting(self._receiver.url, headers, content, self._receiver.ca_file)
        check(post(posting), posting.place)


def signature(secret: str, content: bytes) -> str:
    return f"sha256={hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}"
