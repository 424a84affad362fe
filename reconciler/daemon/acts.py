"""What people ask a source to do beside reconciling, done and answered."""

from __future__ import annotations

import logging

from reconciler.daemon.follower import Follower
from reconciler.daemon.requests import Answer, Request
from reconciler.model.errors import ReconcilerError

log = logging.getLogger("reconciler")


def carried_out(request: Request, follower: Follower) -> Answer:
    """Do what is asked for, or say why not."""
    try:
        return _carried_out(request, follower)
    except ReconcilerError as error:
        return Answer(False, str(error))
    except Exception as error:  # as in a turn: the source is followed on
        log.exception("what was asked for could not be done")
        return Answer(False, f"{type(error).__name__}: {error}")


def _carried_out(request: Request, follower: Follower) -> Answer:
    if request.preview is not None:
        return Answer(True, follower.preview(request.preview))
    if request.closed:
        return Answer(True, follower.previews.close(request.closed))
    if request.run is not None:
        begun = follower.run(request.run)
        return Answer(True, begun.message, begun.run)
    raise ValueError(f"{request} asks for nothing")
