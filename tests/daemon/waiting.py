"""A pipeline that a test can hold up."""

from __future__ import annotations

import time
from pathlib import Path

from .origin import pipeline


class Waiting:
    """A pipeline whose second step waits for a file; each step notes that it began."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "notes"
        self._file = folder / "go on"

    @property
    def manifest(self) -> str:
        wait = f"until test -e '{self._file}'; do sleep 0.02; done"
        return pipeline(f"echo first >> '{self._notes}'", f"echo second >> '{self._notes}'; {wait}")

    def begun(self) -> list[str]:
        return self._notes.read_text().split() if self._notes.exists() else []

    def until_second(self) -> None:
        """Block until the second step runs."""
        deadline = time.monotonic() + 60
        while "second" not in self.begun():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def go_on(self) -> None:
        self._file.touch()
