"""What MLflow's exceptions mean to a person."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.model.errors import TrackingAwayError, TrackingError
from reconciler.tracking.uri import without_credentials

_log = logging.getLogger("reconciler.tracking")
_LONGEST = 400
_HINTS = (
    ("out-of-date database schema", "stop what uses the database, back it up, then run `mlflow db upgrade {uri}`"),
    ("Can't locate revision", "the database was made by a newer MLflow; install that version"),
    ("Max retries exceeded", "start the server, or mend --tracking: {uri} does not answer"),
    ("database is locked", "another program holds the database for long; end it"),
    ("error code 401", "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"),
    ("error code 403", "these credentials may not do this; ask whoever runs {uri}"),
)
# What passes by itself, or once there is a server or room again.
_AWAY = (
    "Max retries exceeded",
    "Connection aborted",
    "Connection refused",
    "Read timed out",
    "error code 429",
    "error code 500",
    "error code 502",
    "error code 503",
    "error code 504",
    "database is locked",
    "database or disk is full",
    "No space left on device",
    "disk I/O error",
)


@contextmanager
def refusals_explained(uri: str) -> Iterator[None]:
    """Whatever MLflow raises inside leaves as a TrackingError; the traceback goes to the log.

    Raises:
        TrackingAwayError: what failed inside may succeed later.
        TrackingError: something else failed inside.
    """
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        _log.exception("MLflow refuses")
        text = without_credentials(str(error)) or type(error).__name__
        hint = next((hint.format(uri=uri) for sign, hint in _HINTS if sign in text), None)
        kind = TrackingAwayError if any(sign in text for sign in _AWAY) else TrackingError
        raise kind(text.strip().splitlines()[0][:_LONGEST], place=uri, hint=hint) from error
