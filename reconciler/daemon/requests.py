"""What people ask of a running daemon: a file each in a folder that it watches, answered by a file beside it."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reconciler.model.asked_runs import AskedRun


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `cancel` is the run to be ended, "" where a reconciliation is asked for.

    Attributes:
        refresh_images: names of images are to be resolved anew first.
        confirm_prune: a revision may take away as much as it does.
        drift: what differs with no new commit is to be looked for.
        news: what somebody changed in the state, such as `resume`; no failed pipeline is tried again for it.
        run: the run that is asked for.
        source: the one that is meant, "" for all.
        override: what is frozen is to start too.
    """

    name: str
    cancel: str = ""
    refresh_images: bool = False
    confirm_prune: bool = False
    drift: bool = False
    news: str = ""
    run: AskedRun | None = None
    source: str = ""
    override: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request; `run` is the run that it started, "" where it started none."""

    is_good: bool
    message: str
    run: str = ""


class Requests:
    """The folder of requests. Files appear by rename, so that none is read half-written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(
        self,
        cancel: str = "",
        refresh_images: bool = False,
        confirm_prune: bool = False,
        drift: bool = False,
        news: str = "",
        run: AskedRun | None = None,
        source: str = "",
        override: bool = False,
    ) -> str:
        """Ask for a reconciliation, for the end of a run, or for one; returns the request's name."""
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
        asked = {
            "cancel": cancel,
            "refresh_images": refresh_images,
            "confirm_prune": confirm_prune,
            "drift": drift,
            "news": news,
            "run": asdict(run) if run is not None else None,
            "source": source,
            "override": override,
        }
        _write(self._folder / f"{name}.asked", asked)
        return name

    def pending(self) -> list[Request]:
        """What is asked, in the order in which it was."""
        found = []
        for path in sorted(self._folder.glob("*.asked")):
            # Taken back meanwhile, or not one of ours.
            with contextlib.suppress(FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
                read = json.loads(path.read_text(encoding="utf-8"))
                found.append(
                    Request(
                        path.stem,
                        str(read.get("cancel", "")),
                        bool(read.get("refresh_images")),
                        bool(read.get("confirm_prune")),
                        bool(read.get("drift")),
                        str(read.get("news", "")),
                        _run_of(path.stem, read.get("run")),
                        str(read.get("source", "")),
                        bool(read.get("override")),
                    )
                )
        return found

    def answer(self, name: str, is_good: bool, message: str, run: str = "") -> None:
        """Answer, unless nobody waits any more."""
        try:
            (self._folder / f"{name}.asked").unlink()
        except FileNotFoundError:
            return
        _write(self._folder / f"{name}.answered", {"is_good": is_good, "message": message, "run": run})

    def wait(self, name: str, timeout_seconds: float, is_given_up: Callable[[], bool] = lambda: False) -> Answer | None:
        """The answer, None where none comes in time, or it is given up."""
        path = self._folder / f"{name}.answered"
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline and not is_given_up():
            if path.exists():
                read = json.loads(path.read_text(encoding="utf-8"))
                path.unlink()
                return Answer(bool(read["is_good"]), str(read["message"]), str(read.get("run", "")))
            time.sleep(0.02)
        (self._folder / f"{name}.asked").unlink(missing_ok=True)
        return None


def _run_of(name: str, asked: dict[str, Any] | None) -> AskedRun | None:
    if asked is None:
        return None
    inputs = tuple((str(given), str(value)) for given, value in asked["inputs"])
    return AskedRun(**{**asked, "inputs": inputs, "request": name})


def _write(path: Path, body: dict[str, object]) -> None:
    staged = path.with_suffix(".tmp")
    staged.write_text(json.dumps(body), encoding="utf-8")
    staged.rename(path)
