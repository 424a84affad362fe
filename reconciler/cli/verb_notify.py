"""`notify test`: see whether a receiver can be told anything."""

from __future__ import annotations

import time

from reconciler.cli.output import harmless, say
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.notifications.trial import send_trial
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


def notify_test(name: str, folder: StateFolder, configuration: Configuration) -> int:
    """Send a test message to one receiver.

    Raises:
        ReconcilerError: there is none of that name, or it does not take the message.
    """
    receivers = {receiver.name: receiver for receiver in configuration.receivers}
    if name not in receivers:
        hint = "write it below `notifications:` there"
        if not configuration.file:
            hint = "name the configuration that lists it: `--config FILE`, or $RECONCILER_CONFIG"
        told = f"there is no receiver `{name}`"
        place = configuration.file or None
        raise UsageError(told, place=place, hint=did_you_mean(name, list(receivers), hint))
    state = State(folder)
    try:
        say(harmless(f"{name}: {send_trial(receivers[name], state, time.time())}"))
        return 0
    finally:
        state.close()
