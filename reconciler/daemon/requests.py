"""What people ask of a running daemon: a file each in a folder that it watches, answered by a file beside it."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `cancel` is the run to be ended, "" where a reconciliation is asked for.

    Attributes:
        refresh_images: names of images are to be resolved anew first.
    """

    name: str
    cancel: str = ""
    refresh_images: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    is_good: bool
    message: str


class Requests:
    """The folder of requests. Files appear by rename, so that none is read half-written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, cancel: str = "", refresh_images: bool = False) -> str:
        """Ask for a reconciliation, or for the end of a run; returns the request's name."""
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
        _write(self._folder / f"{name}.asked", {"cancel": cancel, "refresh_images": refresh_images})
        return name

    def pending(self) -> list[Request]:
        """What is asked, in the order in which it was."""
        found = []
        for path in sorted(self._folder.glob("*.asked")):
            with contextlib.suppress(FileNotFoundError, ValueError):  # taken back meanwhile, or not one of ours
                read = json.loads(path.read_text(encoding="utf-8"))
                found.append(Request(path.stem, str(read.get("cancel", "")), bool(read.get("refresh_images"))))
        return found

    def answer(self, name: str, is_good: bool, message: str) -> None:
        """Answer, unless nobody waits any more."""
        try:
            (self._folder / f"{name}.asked").unlink()
        except FileNotFoundError:
            return
        _write(self._folder / f"{name}.answered", {"is_good": is_good, "message": message})

    def wait(self, name: str, timeout_seconds: float) -> Answer | None:
        """The answer, None where none comes in time."""
        path = self._folder / f"{name}.answered"
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if path.exists():
                read = json.loads(path.read_text(encoding="utf-8"))
                path.unlink()
                return Answer(bool(read["is_good"]), str(read["message"]))
            time.sleep(0.02)
        (self._folder / f"{name}.asked").unlink(missing_ok=True)
        return None


def _write(path: Path, body: dict[str, object]) -> None:
    staged = path.with_suffix(".tmp")
    staged.write_text(json.dumps(body), encoding="utf-8")
    staged.rename(path)
