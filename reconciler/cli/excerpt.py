"""The line of a file that a problem stands in, as a terminal can show it, and where its caret goes."""

from __future__ import annotations

import unicodedata

from reconciler.cli.output import harmless

_WIDTH = 120  # characters of a line that are shown
_BEFORE = 80  # at most so many of them before the column
_TAB = "    "


def excerpt(line: str, column: int) -> tuple[str, int]:
    """The line, cut around the column if it is long, and how many cells stand before the caret.

    A tab takes four cells, a wide character two; what a terminal would obey is spelt out.
    """
    first = 0
    if len(line) > _WIDTH:
        first = max(0, min(column - 1 - _BEFORE, len(line) - _WIDTH))
    before, after = line[first : column - 1], line[max(first, column - 1) : first + _WIDTH]
    start, end = "…" if first else "", "…" if first + _WIDTH < len(line) else ""
    return f"{start}{_shown(before)}{_shown(after)}{end}", len(start) + _cells(_shown(before))


def _shown(text: str) -> str:
    return harmless(text.replace("\t", _TAB))


def _cells(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
