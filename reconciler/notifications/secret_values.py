"""Secrets as values, read when they are needed and kept nowhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reconciler.model.notifications import Secret
from reconciler.notifications.base import NotNowError

_UNSPEAKABLE = re.compile(r"[^\x20-\x7e]")
_LONGEST = 64 * 1024


def secret_value(secret: Secret | None) -> str:
    """The secret, "" where there is none.

    Raises:
        NotNowError: it cannot be read, or is none.
    """
    if secret is None:
        return ""
    if secret.variable:
        if secret.variable not in os.environ:
            raise NotNowError(f"the variable `{secret.variable}` is not set", hint="set it for the daemon")
        value = os.environ[secret.variable]
    else:
        value = _content(secret.file)
    if not value or _UNSPEAKABLE.search(value):
        raise NotNowError(f"{secret.told} holds nothing, or what is no plain text in one line", hint="mend its content")
    return value


def _content(file: str) -> str:
    hint = "let the daemon's user read it, or mend `secret:`"
    try:
        with Path(file).open(encoding="utf-8") as opened:
            return opened.read(_LONGEST).removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise NotNowError(f"`{file}` cannot be read: {(error.strerror or str(error)).lower()}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise NotNowError(f"`{file}` is no text", hint=hint) from error
