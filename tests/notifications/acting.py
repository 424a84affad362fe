"""A receiver that does as a test says, and a courier whose clock is set."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.notifications import Notification, Rate, Receiver, ReceiverType
from reconciler.notifications.courier import Courier, Means
from reconciler.notifications.feed import Feed
from reconciler.state.store import State

from .told import MOMENT


class Actor:
    """Takes what it is sent, or raises what a test has put into `troubles`; `folds` as senders have it."""

    def __init__(self, folds: bool = True) -> None:
        self.folds = folds
        self.got: list[Notification] = []
        self.tried: list[Notification] = []
        self.troubles: list[Exception | None] = []
        self.trouble: Exception | None = None
        self.is_wanted: Callable[[Notification], bool] = lambda _: True

    def wants(self, notification: Notification) -> bool:
        return self.is_wanted(notification)

    def send(self, notification: Notification) -> None:
        self.tried.append(notification)
        trouble = self.troubles.pop(0) if self.troubles else self.trouble
        if trouble is not None:
            raise trouble
        self.got.append(notification)

    @property
    def messages(self) -> list[tuple[str, int]]:
        return [(each.event.message, each.more) for each in self.got]


class Stage:
    """A state, one receiver, and a courier, at a moment that a test sets."""

    def __init__(self, state: State, actor: Actor, rate: Rate | None = None) -> None:
        self.now = MOMENT
        self.state = state
        self.actor = actor
        self.receiver = Receiver("team", ReceiverType.WEBHOOK, "http://127.0.0.1", rate=rate or Rate(1000, 1.0))
        self.restart()

    def restart(self) -> None:
        """Begin anew, as the next process does."""
        self.feed = Feed(self.state, lambda: self.now)
        means = Means(self.state.notifications, self.state.events, lambda: self.now, jitter=lambda: 1.0)
        self.courier = Courier(self.receiver, self.actor, means)
        self.look()

    def look(self) -> bool:
        return self.feed.look([(self.receiver, self.actor)])

    def deliver(self) -> float | None:
        """Send all that is due; returns the seconds until more is, None where nothing waits."""
        while True:
            due = self.courier.step()
            if due is None:
                return None
            if due > self.now:
                return due - self.now
