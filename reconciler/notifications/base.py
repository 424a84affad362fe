"""Ways to tell somebody something, as the rest of the program sees them."""

from __future__ import annotations

from typing import Protocol

from reconciler.model.errors import ReconcilerError
from reconciler.model.notifications import Notification

DEADLINE_SECONDS = 10.0


class NotTakenError(ReconcilerError):
    """A receiver will not take this one, however often it is sent."""


class NotNowError(ReconcilerError):
    """A receiver does not take it now, and may later.

    Attributes:
        after: seconds for which the receiver wants to be left alone, 0 where it says nothing of that.
    """

    def __init__(self, message: str, *, hint: str | None = None, after: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class Sender(Protocol):
    """Tells one receiver.

    Attributes:
        folds: whether one notification may stand for others; what changes the standing of something may not.
    """

    folds: bool

    def wants(self, notification: Notification) -> bool:
        """Whether this is anything that the receiver can be told, whatever it has selected."""

    def send(self, notification: Notification) -> None:
        """Tell it, within `DEADLINE_SECONDS`.

        Raises:
            NotTakenError: it is refused.
            NotNowError: it may be tried again.
        """
