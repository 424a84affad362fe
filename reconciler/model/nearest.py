"""What somebody may have meant who wrote a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_MOST = 5000  # names that are compared; comparing takes longer than anything else of a problem


def did_you_mean(name: str, names: Iterable[str], otherwise: str = "") -> str:
    """A hint with the nearest of the names, or another hint where none is near."""
    found = get_close_matches(name, list(islice(names, _MOST)), n=1)
    return f"did you mean `{found[0]}`?" if found else otherwise
