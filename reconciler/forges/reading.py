"""What forges answer, read as values: nothing is taken for what it is not."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from reconciler.forges.errors import ForgeError

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class Read:
    """A part of an answer; a way leads through objects by their keys, and what is `null` or not there is empty."""

    def __init__(self, value: Any, place: str) -> None:
        self._value = value
        self._place = place

    def text(self, *way: str) -> str:
        """A text, "" where there is none.

        Raises:
            ForgeError: there is something else.
        """
        value = self._at(way)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._error(way, "text")
        return value

    def number(self, *way: str) -> int:
        """A whole number.

        Raises:
            ForgeError: there is none.
        """
        value = self._at(way)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._error(way, "number")
        return value

    def choice(self, choices: tuple[str, ...], *way: str) -> str:
        """One of a few texts.

        Raises:
            ForgeError: there is another.
        """
        text = self.text(*way)
        if text not in choices:
            raise self._error(way, f"{' or '.join(choices)}")
        return text

    def commit(self, *way: str) -> str:
        """The id of a commit, in full or its start.

        Raises:
            ForgeError: there is none.
        """
        text = self.text(*way)
        if not _COMMIT.fullmatch(text):
            raise self._error(way, "commit")
        return text

    def has(self, *way: str) -> bool:
        return self._at(way) is not None

    def is_set(self, *way: str) -> bool:
        return self._at(way) is True

    def moment(self, *way: str) -> float:
        """A moment in seconds since the epoch, 0 where none is told.

        Raises:
            ForgeError: there is something else.
        """
        text = self.text(*way)
        try:
            return datetime.fromisoformat(text).timestamp() if text else 0.0
        except (ValueError, OverflowError) as error:
            raise self._error(way, "moment") from error

    def parts(self, *way: str) -> list[Read]:
        """The items of a list, [] where there is none.

        Raises:
            ForgeError: there is something else.
        """
        value = self._at(way)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._error(way, "list")
        return [Read(each, self._place) for each in value]

    def _at(self, way: tuple[str, ...]) -> Any:
        value = self._value
        for key in way:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _error(self, way: tuple[str, ...], wanted: str) -> ForgeError:
        what = f"`{'.'.join(way)}`" if way else "an answer"
        return ForgeError(
            f"{self._place} answered {what} that is no {wanted}", hint="is this the forge that it is said to be?"
        )
