"""Why the state cannot be written, where that can still be said: in a file that takes no more room than it has."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

_SIZE = 512
_LASTS_SECONDS = 15.0  # whoever has trouble says so more often


class Trouble:
    """A line of text that is written in place."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def reserve(self) -> None:
        """Take the room that will be needed."""
        if not self._path.exists():
            self._path.write_bytes(b" " * _SIZE)

    def note(self, text: str) -> None:
        """Say what the trouble is; where even that cannot be, nothing is said."""
        self._write(f"{time.time():.0f} {text}")

    def clear(self) -> None:
        """There is none any more."""
        self._write("")

    @property
    def text(self) -> str:
        """What somebody said a moment ago, "" for nothing."""
        try:
            said = self._path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return ""
        moment, _, text = said.partition(" ")
        return text if moment.isdigit() and abs(time.time() - int(moment)) < _LASTS_SECONDS else ""

    def _write(self, text: str) -> None:
        line = text.encode()[: _SIZE - 1].ljust(_SIZE - 1) + b"\n"
        with suppress(OSError), self._path.open("r+b") as file:
            file.write(line)
