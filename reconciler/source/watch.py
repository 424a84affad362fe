"""Folders watched for changes, so that a push to a local source starts at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

log = logging.getLogger("reconciler")
_SETTLE_SECONDS = 0.03


class FolderWatch:
    """Calls back once after a burst of changes in a folder.

    Args:
        below: the folders in it that are watched with all that is below them; None for the folder itself.
    """

    def __init__(
        self,
        folder: Path,
        on_change: Callable[[], None],
        is_relevant: Callable[[str], bool] | None = None,
        below: Sequence[str] | None = None,
    ) -> None:
        self._folder = folder
        self._below = below
        self._on_change = on_change
        self._is_relevant = is_relevant or (lambda _: True)
        self._observer: Any = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to watch; where the system has no watch left, the folder is merely not watched."""
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        watch = self

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type in ("created", "modified", "moved", "deleted"):
                    watch._noticed(str(event.dest_path or event.src_path))

        try:
            observer = Observer()
            observer.schedule(Handler(), str(self._folder), recursive=self._below is None)
            for name in self._below or ():
                observer.schedule(Handler(), str(self._folder / name), recursive=True)
            observer.start()
        except OSError as error:
            log.warning("%s is not watched, only looked at now and then: %s", self._folder, error.strerror or error)
            return
        self._observer = observer

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def _noticed(self, path: str) -> None:
        if not self._is_relevant(path):
            return
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_SETTLE_SECONDS, self._on_change)
            self._timer.daemon = True
            self._timer.start()


class RefWatch:
    """Watches the refs of a repository on this machine; does nothing for one that is elsewhere.

    Objects are not watched: they are many, and git makes and removes folders for them all the time.
    """

    def __init__(self, url: str, on_change: Callable[[], None]) -> None:
        git_dir = _git_dir(url)
        self._watch = None if git_dir is None else FolderWatch(git_dir, on_change, _is_ref, ["refs"])

    @property
    def is_active(self) -> bool:
        return self._watch is not None

    def start(self) -> None:
        if self._watch is not None:
            self._watch.start()

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.stop()


def _git_dir(url: str) -> Path | None:
    path = Path(url.removeprefix("file://")).expanduser()
    for candidate in (path / ".git", path):
        if (candidate / "refs").is_dir():
            return candidate
    return None


def _is_ref(path: str) -> bool:
    """Whether a changed file is a ref; objects and lock files come first and mean nothing yet."""
    return ("/refs/" in path or path.endswith("packed-refs")) and not path.endswith(".lock")
