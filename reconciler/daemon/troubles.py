"""What broke a turn off, as a condition of its source."""

from __future__ import annotations

import errno
import sqlite3

from reconciler.daemon.retries import Tries
from reconciler.model.errors import EngineError, ReconcilerError, SourceError, StateError
from reconciler.model.status import Condition, transient

_OF_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def told(error: Exception) -> str:
    """The error in words."""
    return str(error) if isinstance(error, ReconcilerError) else f"{type(error).__name__}: {error}"


def conditions_of_trouble(error: Exception, tries: Tries) -> tuple[Condition, ...]:
    """What is said of a source whose turn an error broke off; the next turn may succeed."""
    if isinstance(error, SourceError):
        return transient("SourceUnavailable", told(error), tries.failures, tries.due)
    if isinstance(error, EngineError):
        return transient("EngineUnavailable", told(error), tries.failures, tries.due)
    is_of_disk = isinstance(error, OSError) and error.errno in _OF_DISKS
    if isinstance(error, StateError | sqlite3.Error) or is_of_disk:
        return transient("StateUnavailable", told(error), tries.failures, tries.due)
    return transient("TurnFailed", told(error), tries.failures, tries.due)
