"""Pieces of a text that are replaced, and the lines around them as YAML counts lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LINE_BREAK = r"\r\n|[\r\n\x85\u2028\u2029]"
_LINE_BREAK = re.compile(LINE_BREAK)


@dataclass(frozen=True, slots=True)
class Edit:
    """What is written instead of the characters from `start` to before `end`."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits, which do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def end_of_line(text: str, position: int) -> int:
    """Where the line of a position ends, before its line break."""
    found = _LINE_BREAK.search(text, position)
    return found.start() if found else len(text)


def start_of_line(text: str, position: int) -> int:
    """Where the line of a position starts."""
    start = 0
    for found in _LINE_BREAK.finditer(text, 0, position):
        start = found.end()
    return start


def line_break_of(text: str) -> str:
    """How the lines of a text end."""
    found = _LINE_BREAK.search(text)
    return found[0] if found else "\n"
