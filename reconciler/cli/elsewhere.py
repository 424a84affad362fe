"""Whether the program is to work through a daemon elsewhere: what stands before the verb."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A daemon elsewhere.

    Attributes:
        is_said: on the command line, rather than in a variable of the environment.
    """

    url: str
    token_file: Path | None
    is_said: bool


chosen: ContextVar[Elsewhere | None] = ContextVar("chosen", default=None)
