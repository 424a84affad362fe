"""What can go wrong with a forge."""

from __future__ import annotations

from reconciler.model.errors import ReconcilerError


class ForgeError(ReconcilerError):
    """A forge refuses something, or answers what is not documented."""


class TokenRefusedError(ForgeError):
    """The token is no good, or not for this; asking again is of no use."""


class NotFoundError(ForgeError):
    """There is no such thing, or the token may not know of it."""


class RateLimitError(ForgeError):
    """The forge was asked too much.

    Attributes:
        after: seconds for which it wants to be left alone.
    """

    def __init__(self, message: str, *, after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class ForgeGoneError(ForgeError):
    """The forge does not answer, or not sensibly, and may later.

    Attributes:
        after: seconds for which it wants to be left alone, 0 where it says nothing of that.
    """

    def __init__(self, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after
