"""Where in a shell's program a text ends: within which quotes, comment, substitution or here-document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_HERE_DOCUMENT = re.compile(r"<<(?P<dash>-?)[ \t]*(?P<word>(?:\\.|'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|<>()'\"\\])+)")
_BEFORE_WORD = " \t\n;&|()`"


class Place(Enum):
    PLAIN = auto()
    SINGLE_QUOTES = auto()
    DOUBLE_QUOTES = auto()
    ARITHMETIC = auto()
    COMMENT = auto()
    HERE_DOCUMENT = auto()
    QUOTED_HERE_DOCUMENT = auto()


@dataclass(frozen=True, slots=True)
class _HereDocument:
    end: str
    is_quoted: bool
    strips_tabs: bool


class ShellText:
    """Follows a shell's program piece by piece.

    Only how faithfully a value arrives depends on this, never whether it is run: what stands for a value is harmless
    in every place.
    """

    def __init__(self) -> None:
        self._open: list[str] = []  # what closes each quote and substitution that is open
        self._announced: list[_HereDocument] = []
        self._inside: list[_HereDocument] = []
        self._line = ""
        self._previous = "\n"

    @property
    def place(self) -> Place:
        if self._inside:
            return Place.QUOTED_HERE_DOCUMENT if self._inside[0].is_quoted else Place.HERE_DOCUMENT
        places = {"'": Place.SINGLE_QUOTES, '"': Place.DOUBLE_QUOTES, "))": Place.ARITHMETIC, "\n": Place.COMMENT}
        return places.get(self._open[-1], Place.PLAIN) if self._open else Place.PLAIN

    def ends_with(self, text: str) -> bool:
        """Whether the text, where it stands in a here-document, is or begins the line that ends it."""
        return bool(self._inside) and self._inside[0].end.startswith(self._line + text)

    def feed(self, text: str) -> None:
        index = 0
        while index < len(text):
            length = self._step(text, index)
            index += length
            self._previous = text[index - 1 : index] or "\\"

    def _step(self, text: str, index: int) -> int:
        """Take in what stands at the index, and say how many characters that was."""
        character = text[index]
        if self._inside:
            self._here_document(character)
            return 1
        closes = self._open[-1] if self._open else ""
        if closes and text.startswith(closes, index):
            self._open.pop()
            if closes != "\n":
                return len(closes)
        elif closes in ("'", "\n"):
            return 1
        if character == "\\":
            return 2
        for opening, closing in (("$((", "))"), ("$(", ")"), ("`", "`"), ('"', '"')):
            if text.startswith(opening, index):
                self._open.append(closing)
                return len(opening)
        return 1 if closes == '"' else self._unquoted(text, index)

    def _unquoted(self, text: str, index: int) -> int:
        character = text[index]
        if character == "'":
            self._open.append("'")
        elif character == "(":
            self._open.append(")")
        elif character == "#" and self._previous in _BEFORE_WORD:
            self._open.append("\n")
        elif character == "\n":
            self._inside, self._announced = self._announced, []
        elif "))" not in self._open and (announced := _HERE_DOCUMENT.match(text, index)):
            word = announced["word"]
            end = re.sub(r"\\(.)|['\"]", r"\1", word)
            self._announced.append(_HereDocument(end, end != word, bool(announced["dash"])))
            return len(announced[0])
        return 1

    def _here_document(self, character: str) -> None:
        current = self._inside[0]
        if character != "\n":
            self._line += character
            if current.strips_tabs:
                self._line = self._line.lstrip("\t")
            return
        if self._line == current.end:
            self._inside = self._inside[1:]
        self._line = ""
