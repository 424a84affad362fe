"""Hooks as Slack has them, which Mattermost, Rocket.Chat and others have too."""

from __future__ import annotations

import re
from typing import Any

from reconciler.model.notifications import Notification, Receiver
from reconciler.model.strict_json import strict_json
from reconciler.notifications.base import NotTakenError
from reconciler.notifications.secret_values import secret_value
from reconciler.notifications.web import Posting, check, post
from reconciler.notifications.wording import context, message, others, title

_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_LINK = re.compile(r"\](?=\()")  # where a link in Markdown would go on
_APART = "\u200b"
_WEB = ("http://", "https://")


class SlackSender:
    """Posts a text and blocks."""

    folds = True

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def wants(self, _: Notification) -> bool:
        return True

    def send(self, notification: Notification) -> None:
        """See `Sender`."""
        url = self._receiver.url or secret_value(self._receiver.secret)
        if not url.startswith(_WEB):
            told = self._receiver.secret.told if self._receiver.secret else "url"
            raise NotTakenError(f"{told} holds no address that starts with https://", hint="write the hook's there")
        content = strict_json(body(notification), ensure_ascii=True).encode()
        posting = Posting(url, {"Content-Type": "application/json"}, content, self._receiver.ca_file)
        check(post(posting), posting.place)


def body(notification: Notification) -> dict[str, Any]:
    """The payload; nothing in it calls anybody or leads anywhere."""
    heading, told = _plain(title(notification)), _plain(message(notification))
    small, more = _plain(context(notification)), _plain(others(notification))
    sections = [_section(f"*{heading}*\n{told}"), _context(small)]
    if more:
        sections.append(_section(more))
    text = f"{heading}: {told}" + (f" ({more})" if more else "")
    return {"text": text, "blocks": sections, "unfurl_links": False, "unfurl_media": False}


def _plain(text: str) -> str:
    """Text that stands for itself alone."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINK.sub(f"]{_APART}", _MENTION.sub(f"@{_APART}", escaped))


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
