"""A message that only says that messages come."""

from __future__ import annotations

import uuid

from reconciler.forges.base import CommitState, CommitStatus
from reconciler.model.errors import UsageError
from reconciler.model.events import Event, EventType
from reconciler.model.notifications import RECEIVER_KIND, Notification, Receiver
from reconciler.notifications.commit_status import repository_of
from reconciler.notifications.forges import ForgeSender
from reconciler.notifications.senders import sender_for
from reconciler.state.store import State

_WORDS = "a test: what happens is told here"
_STATUS = "reconciler/test"


def send_trial(receiver: Receiver, state: State, now: float) -> str:
    """Tell a receiver that this is a test; returns what that came to.

    Raises:
        ReconcilerError: it was not taken.
    """
    if receiver.type.is_forge:
        repository, commit = _applied(receiver, state)
        ForgeSender(receiver).set(repository, CommitStatus(commit, _STATUS, CommitState.SUCCESS, _WORDS))
        return f"`{_STATUS}` is set for {repository} at {commit[:10]}"
    event = Event("", RECEIVER_KIND, receiver.name, EventType.NORMAL, "Test", _WORDS, first=now, last=now)
    sender_for(receiver).send(Notification(uuid.uuid4().hex, event))
    return "the message was taken"


def _applied(receiver: Receiver, state: State) -> tuple[str, str]:
    """Repository and commit that is applied of the first source at the forge."""
    for source in state.sources.all():
        repository = receiver.repository or repository_of(source.url, receiver.url)
        if source.applied_commit and repository:
            return repository, source.applied_commit
    hint = "start the daemon first, or name the repository with `repository:`; the source has to be at this forge"
    raise UsageError("no revision of a source at this forge is applied, whose commit could be marked", hint=hint)
