"""What is still to be sent to receivers, and up to where each has been told of events."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from reconciler.model.events import Event, EventType
from reconciler.model.notifications import Notification
from reconciler.state.database import Database, Row
from reconciler.state.encoding import text


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification on its way.

    Attributes:
        queued: when it was put here, seconds since the epoch.
        is_begun: whether it was tried already, or may have been before a crash; from then on it stays as it is.
        attempts: how many have failed.
        due: when it is tried next.
    """

    number: int
    notification: Notification
    queued: float
    is_begun: bool = False
    attempts: int = 0
    due: float = 0.0


class Notifications:
    """A queue for each receiver.

    The place of a receiver in the record of events moves in the transaction that puts what it is to be told here, and
    what is here goes only once it was sent: nothing is lost, and what is sent twice is known by its delivery.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self, receiver: str) -> int | None:
        """The event up to which a receiver has been seen to, None of a new one."""
        row = self._database.row("SELECT news FROM notification_cursors WHERE receiver = ?", (receiver,))
        return row["news"] if row else None

    def put(self, receiver: str, notifications: Iterable[Notification], news: int, now: float) -> None:
        """Queue notifications of events up to one, and note that they are seen to."""
        with self._database.transaction():
            self._database.execute_many(
                "INSERT OR IGNORE INTO notifications (delivery, receiver, body, queued) VALUES (?, ?, ?, ?)",
                [(each.delivery, receiver, _body(each), now) for each in notifications],
            )
            self._database.execute(
                "INSERT OR REPLACE INTO notification_cursors (receiver, news) VALUES (?, ?)", (receiver, news)
            )

    def keep_only(self, receivers: Collection[str]) -> None:
        """Forget receivers that are told nothing any more."""
        with self._database.transaction():
            for row in self._database.rows("SELECT receiver FROM notification_cursors"):
                if row["receiver"] not in receivers:
                    self._database.execute("DELETE FROM notification_cursors WHERE receiver = ?", (row["receiver"],))
                    self._database.execute("DELETE FROM notifications WHERE receiver = ?", (row["receiver"],))

    def first(self, receiver: str) -> Pending | None:
        """What a receiver is to be told next."""
        row = self._database.row(
            "SELECT *, (SELECT COUNT(*) FROM notifications AS others WHERE others.folded_into = notifications.number)"
            " AS more FROM notifications WHERE receiver = ? AND folded_into IS NULL ORDER BY number LIMIT 1",
            (receiver,),
        )
        return _pending_of(row) if row else None

    def count(self, receiver: str) -> int:
        row = self._database.row("SELECT COUNT(*) AS count FROM notifications WHERE receiver = ?", (receiver,))
        return row["count"] if row else 0

    def begin(self, receiver: str, number: int, is_for_all: bool) -> None:
        """Note that a notification is about to be tried; with `is_for_all`, it stands for all that wait behind it."""
        with self._database.transaction():
            self._database.execute("UPDATE notifications SET is_begun = 1 WHERE number = ?", (number,))
            if is_for_all:
                self._database.execute(
                    "UPDATE notifications SET folded_into = ? WHERE receiver = ? AND number > ?",
                    (number, receiver, number),
                )

    def put_off(self, number: int, due: float) -> None:
        """Note that an attempt failed, and when the next is due."""
        self._database.execute(
            "UPDATE notifications SET attempts = attempts + 1, due = ? WHERE number = ?", (due, number)
        )

    def done(self, number: int) -> None:
        """Let go of a notification, and of those that it stood for."""
        self._database.execute("DELETE FROM notifications WHERE number = ? OR folded_into = ?", (number, number))

    def drop_old(self, receiver: str, before: float) -> int:
        """Let go of what has been waiting since before a moment; returns how much that was."""
        with self._database.transaction():
            count = self.count(receiver)
            self._database.execute("DELETE FROM notifications WHERE receiver = ? AND queued <= ?", (receiver, before))
            self._database.execute(
                "UPDATE notifications SET folded_into = NULL WHERE receiver = ? AND folded_into NOT IN"
                " (SELECT number FROM notifications)",
                (receiver,),
            )
            return count - self.count(receiver)


def _body(notification: Notification) -> str:
    return text(
        {
            "event": asdict(notification.event),
            "source_url": notification.source_url,
            "metrics": dict(notification.metrics),
        }
    )


def _pending_of(row: Row) -> Pending:
    body = json.loads(row["body"])
    event = Event(**{**body["event"], "type": EventType(body["event"]["type"])})
    notification = Notification(row["delivery"], event, body["source_url"], body["metrics"], row["more"])
    return Pending(row["number"], notification, row["queued"], bool(row["is_begun"]), row["attempts"], row["due"])
