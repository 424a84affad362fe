"""The tree of errors. Each says what is wrong, where, and how to mend it."""

from __future__ import annotations


class ReconcilerError(Exception):
    """Something a person can act on.

    Attributes:
        message: what is wrong, one sentence.
        place: the file, URL, step or run it concerns.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        located = f"{self.place}: {self.message}" if self.place else self.message
        return f"{located} ({self.hint})" if self.hint else located


class UsageError(ReconcilerError):
    """The command line or the configuration asks for something that cannot be."""


class UnknownError(UsageError):
    """What is named is not there."""


class UnreachableError(ReconcilerError):
    """A daemon does not answer."""


class RefusedError(ReconcilerError):
    """A daemon says no.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None, status: int = 0) -> None:
        super().__init__(message, place=place, hint=hint)
        self.status = status


class SourceError(ReconcilerError):
    """A Git repository cannot be read: unreachable, refused, or without the branch."""


class SourceAwayError(SourceError):
    """The remote of a Git repository does not answer, or refuses."""


class StateError(ReconcilerError):
    """The state folder cannot be used: locked by another daemon, or of a newer format."""


class StateAwayError(StateError):
    """The state cannot be written at the moment: no room is left, or somebody else holds it."""


class EnvironmentBuildError(ReconcilerError):
    """An environment cannot be built; the message carries the last lines of the log."""


class EngineError(ReconcilerError):
    """A step cannot be started or followed on its engine."""


class EngineGoneError(EngineError):
    """The engine does not answer; what runs on it may go on."""


class ImageMissingError(EngineError):
    """The image of a step's environment is gone from the engine."""


class TrackingError(ReconcilerError):
    """MLflow does not answer or refuses."""


class TrackingAwayError(TrackingError):
    """MLflow does not answer at the moment; what it is to be told can be told later."""


class StepError(ReconcilerError):
    """A step ran and failed: exit status, missing output, timeout.

    Attributes:
        reason: the kind of failure in a word, such as `out-of-memory`.
    """

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None, reason: str = "") -> None:
        super().__init__(message, place=place, hint=hint)
        self.reason = reason
