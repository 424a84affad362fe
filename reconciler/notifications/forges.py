"""Forges that show how commits do."""

from __future__ import annotations

from reconciler.forges.base import CommitStatus
from reconciler.forges.choice import forge_for
from reconciler.forges.client import Retries
from reconciler.forges.errors import ForgeError, ForgeGoneError, RateLimitError
from reconciler.forges.settings import ForgeKind, ForgeSettings, api_of
from reconciler.model.errors import UsageError
from reconciler.model.notifications import Notification, Receiver
from reconciler.notifications.base import DEADLINE_SECONDS, NotNowError, NotTakenError
from reconciler.notifications.commit_status import repository_of, status_of
from reconciler.notifications.secret_values import secret_value

_ONCE = Retries(attempts=1, longest=0.0, deadline=DEADLINE_SECONDS)  # the courier comes again


class ForgeSender:
    """Sets the status of commits; its token goes to the forge of the configuration and nowhere else."""

    folds = False

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def wants(self, notification: Notification) -> bool:
        return status_of(notification) is not None and bool(self._repository(notification))

    def send(self, notification: Notification) -> None:
        """See `Sender`."""
        status, repository = status_of(notification), self._repository(notification)
        if status is None or not repository:
            raise NotTakenError("this is no run of a commit that the forge has", hint="mend `url:` or `repository:`")
        self.set(repository, status)

    def set(self, repository: str, status: CommitStatus) -> None:
        """Set one status.

        Raises:
            NotTakenError: the forge refuses.
            NotNowError: it may take it later.
        """
        kind, secret = ForgeKind(self._receiver.type), secret_value(self._receiver.secret)
        api = api_of(kind, self._receiver.url)
        try:
            settings = ForgeSettings(kind, api, repository, secret, ca_file=self._receiver.ca_file)
            forge_for(settings, _ONCE).set_status(status)
        except (RateLimitError, ForgeGoneError) as error:
            raise NotNowError(error.message, after=error.after) from error
        except (ForgeError, UsageError) as error:
            hint = f"{error.hint or 'mend `url:` and `repository:`'}; `reconciler notify test` tries it"
            raise NotTakenError(error.message, hint=hint) from error

    def _repository(self, notification: Notification) -> str:
        return self._receiver.repository or repository_of(notification.source_url, self._receiver.url)
