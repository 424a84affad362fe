"""Tells one receiver what waits for it, one after the other."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.model.events import Event, EventType
from reconciler.model.notifications import RECEIVER_KIND, Receiver
from reconciler.notifications.base import NotNowError, NotTakenError, Sender
from reconciler.notifications.pace import Bucket, Patience
from reconciler.state.events import Events
from reconciler.state.notifications import Notifications, Pending

log = logging.getLogger("reconciler")


@dataclass(frozen=True)
class Means:
    """What couriers work with.

    Attributes:
        clock: seconds since the epoch.
        jitter: numbers from 0 to 1.
    """

    queue: Notifications
    events: Events
    clock: Callable[[], float]
    patience: Patience = field(default_factory=Patience)
    jitter: Callable[[], float] = random.random


class Courier:
    """Called by one thread; what it does next is in the state alone, but for the pace."""

    def __init__(self, receiver: Receiver, sender: Sender, means: Means) -> None:
        self.receiver = receiver
        self._sender = sender
        self._means = means
        self._bucket = Bucket(receiver.rate)
        self._was_too_fast = False
        self._said = ""

    def step(self) -> float | None:
        """Send what is due; returns when there is more to do, seconds since the epoch, or None where nothing waits."""
        queue, now = self._means.queue, self._means.clock()
        first = queue.first(self.receiver.name)
        if first is None:
            self._was_too_fast = False
            return None
        if now < first.due <= now + self._means.patience.in_all:  # else the clock was put back
            return first.due
        if not first.is_begun:
            wait = self._bucket.take(now)
            if wait:
                self._was_too_fast = True
                return now + wait
            queue.begin(self.receiver.name, first.number, is_for_all=self._was_too_fast and self._sender.folds)
            self._was_too_fast = self._was_too_fast and not self._sender.folds
            first = queue.first(self.receiver.name) or first
        return self._send(first)

    def _send(self, pending: Pending) -> float | None:
        queue, name = self._means.queue, self.receiver.name
        try:
            self._sender.send(pending.notification)
        except NotNowError as error:
            return self._put_off(pending, error)
        except NotTakenError as error:
            self._complain(f"a notification was not sent: {error}")
            self._record("NotificationRefused", f"a notification was not sent: {error.message}")
        except Exception as error:  # a fault of ours must not come again and again
            log.exception("telling receiver %s", name)
            self._record("NotificationRefused", f"a notification was not sent: {type(error).__name__}")
        else:
            if self._said:
                log.info("receiver %s is told again", name)
            self._said = ""
        queue.done(pending.number)
        return self._means.clock()

    def _put_off(self, pending: Pending, error: NotNowError) -> float:
        now, name, patience = self._means.clock(), self.receiver.name, self._means.patience
        self._complain(f"{error}; it is tried again")
        if now - pending.queued >= patience.in_all:
            self._means.queue.drop_old(name, now - patience.in_all)
            hours = patience.in_all / 3600
            message = f"what could not be sent within {hours:g} hours was given up: {error.message}"
            self._complain(message)
            self._record("NotificationsGivenUp", message)
            return now
        due = now + patience.delay(pending.attempts + 1, self._means.jitter, error.after)
        self._means.queue.put_off(pending.number, due)
        return due

    def _record(self, reason: str, message: str) -> None:
        """Tell those who look at events, and other receivers; the same words are an event once.

        What a server said in its own words is left out: it differs each time, and two receivers that refuse could go
        on telling each other.
        """
        event = Event("", RECEIVER_KIND, self.receiver.name, EventType.WARNING, reason, message)
        self._means.events.record([event], self._means.clock())

    def _complain(self, message: str) -> None:
        if message != self._said:
            log.warning("receiver %s: %s", self.receiver.name, message)
        self._said = message
