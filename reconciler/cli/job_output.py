"""What a verb leaves in a job of continuous integration: lines that are no commands, and a summary."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.cli.output import hand_over, say
from reconciler.model.errors import UsageError


@contextmanager
def no_commands() -> Iterator[None]:
    """What is printed meanwhile is no command to a GitHub workflow, whatever names stand in it."""
    token = secrets.token_hex(16)
    say(f"::stop-commands::{token}")
    hand_over()  # what goes to the standard error must not come before it
    try:
        yield
    finally:
        say(f"::{token}::")


def append_summary(place: str, markdown: str) -> None:
    """Add to the file that a job's summary is made of.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        with Path(place).open("a", encoding="utf-8") as summary:
            summary.write(f"{markdown}\n")
    except OSError as error:
        hint = "is $GITHUB_STEP_SUMMARY a file that may be written to?"
        raise UsageError(f"the summary cannot be written: {error.strerror}", place=place, hint=hint) from error
