"""Who calls the program."""

from __future__ import annotations

import getpass
import socket


def caller() -> str:
    """User and host, as it is noted beside what somebody asked for."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as containers have them
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
