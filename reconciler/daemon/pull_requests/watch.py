"""The threads of the daemon that watch pull requests, one for each source that has them reviewed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reconciler.daemon.pull_requests.previewing import Surroundings
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.log_facts import about
from reconciler.model.errors import ReconcilerError
from reconciler.model.pull_requests import PullRequestSettings

if TYPE_CHECKING:
    from reconciler.daemon.pull_requests.source_watch import SourceWatch

log = logging.getLogger("reconciler")
_TICK_SECONDS = 1.0
_BETWEEN_SECONDS = 2.0  # two looks, however often a forge tells of something
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 15.0, 900.0
_STOP_SECONDS = 5.0


class PullRequestWatch:
    """Watches for as long as a block goes on; any thread may call `rouse` and `replace`.

    What does the work is imported in its threads, so that no loop waits for that.

    Args:
        sources: those whose settings name a forge are watched.
        site_of: gives the place where the runs of a source happen.
        around: what previews are asked of, and where runs are shown.
    """

    def __init__(
        self, sources: Sequence[SourceSettings], site_of: Callable[[SourceSettings], Site], around: Surroundings
    ) -> None:
        self._sources = tuple(sources)
        self._site_of = site_of
        self._around = around
        self._rounds: dict[str, _Round] = {}
        self._lock = threading.Lock()
        self._is_running = False

    def __enter__(self) -> PullRequestWatch:
        self._is_running = True
        self.replace(self._sources)
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_running = False
            rounds, self._rounds = [*self._rounds.values()], {}
        for each in rounds:
            each.end()
        until = time.monotonic() + _STOP_SECONDS
        for each in rounds:
            each.join(until)

    def replace(self, sources: Sequence[SourceSettings]) -> None:
        """Watch these from now on; what stays as it was goes on."""
        wanted = {each.name: each for each in sources if each.pull_requests is not None}
        with self._lock:
            if not self._is_running:
                return
            for name in [name for name, each in self._rounds.items() if wanted.get(name) != each.source]:
                self._rounds.pop(name).end()
            for name, source in wanted.items():
                if name not in self._rounds and source.pull_requests is not None:
                    self._rounds[name] = _Round(source, source.pull_requests, self._site_of(source), self._around)

    def rouse(self, source: str) -> bool:
        """Have the pull requests of a source looked at now; False where they are not watched."""
        with self._lock:
            found = self._rounds.get(source)
        if found is not None:
            found.rouse()
        return found is not None


class _Round:
    """One source, in a thread of its own."""

    def __init__(self, source: SourceSettings, settings: PullRequestSettings, site: Site, around: Surroundings) -> None:
        self.source = source
        self._settings = settings
        self._site = site
        self._around = around
        self._news = threading.Event()
        self._is_over = threading.Event()
        self._watch: SourceWatch | None = None
        self._said = ""
        self._thread = threading.Thread(target=self._go, name=f"pull requests of {source.name}", daemon=True)
        self._thread.start()

    def rouse(self) -> None:
        self._news.set()

    def end(self) -> None:
        self._is_over.set()
        self._news.set()
        if self._watch is not None:
            self._watch.abandon()

    def join(self, until: float) -> None:
        self._thread.join(max(until - time.monotonic(), 0.0))

    def _go(self) -> None:
        with about(source=self.source.name):
            try:
                self._watch = watch = self._begun()
            except Exception:  # the source is followed all the same
                log.exception("pull requests are not watched")
                return
            try:
                self._follow(watch)
            finally:
                watch.close()

    def _begun(self) -> SourceWatch:
        from reconciler.daemon.pull_requests.source_watch import SourceWatch
        from reconciler.forges.choice import forge_for
        from reconciler.forges.client import Retries
        from reconciler.forges.settings import ForgeKind, ForgeSettings

        given = self._settings
        settings = ForgeSettings(
            ForgeKind(given.forge), given.api, given.repository, given.token, given.user, given.ca_file
        )
        forge = forge_for(settings, Retries(attempts=3, longest=_TICK_SECONDS, sleep=self._pause))
        return SourceWatch(self._site, self.source, given, forge, self._around)

    def _pause(self, seconds: float) -> None:
        self._is_over.wait(seconds)

    def _follow(self, watch: SourceWatch) -> None:
        due, pause, is_first = 0.0, 0.0, True
        while not self._is_over.is_set():
            is_roused = is_first or self._news.is_set()  # nobody knows what was told while nothing listened
            is_due = bool(pause) or is_roused or time.monotonic() >= due
            if is_due:
                self._news.clear()
            pause = self._step(watch, is_due, is_roused, pause)
            if is_due:
                due, is_first = time.monotonic() + self._settings.interval, False
            if is_due or pause:
                self._is_over.wait(max(pause, _BETWEEN_SECONDS))
            else:
                self._news.wait(_TICK_SECONDS)

    def _step(self, watch: SourceWatch, is_due: bool, is_roused: bool, before: float) -> float:
        """Look, or see to what runs came to; returns the seconds to leave the forge alone, 0 where all is well."""
        try:
            if is_due:
                watch.look(is_roused)
            watch.tick()
        except ReconcilerError as error:
            if self._is_over.is_set():
                return 0.0
            if str(error) != self._said:
                log.warning("pull requests are looked at later: %s", error)
            self._said = str(error)
            return max(_next_pause(before), getattr(error, "after", 0.0))
        except Exception:  # a fault of ours must not end the watch
            if not self._is_over.is_set():
                log.exception("pull requests are looked at later")
            return _next_pause(before)
        if self._said and is_due:
            log.info("pull requests are looked at again")
            self._said = ""
        return 0.0


def _next_pause(before: float) -> float:
    return min(max(2 * before, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
