"""The daemon: one process that follows a source until it is told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from reconciler.daemon.follower import RUN_ENDED, Follower, Outcome
from reconciler.daemon.requests import Request, Requests
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.source.mirror import Mirror
from reconciler.source.watch import FolderWatch, RefWatch

log = logging.getLogger("reconciler")
_LONGEST_WAIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """How the daemon works; times in seconds."""

    source: SourceSettings
    interval: float = 60.0
    jitter: float = 5.0


class Daemon:
    """Wakes for a push, a request, a due retry or the clock, and reconciles."""

    def __init__(self, site: Site, settings: DaemonSettings, on_outcome: Callable[[Outcome], None]) -> None:
        self._site = site
        self._settings = settings
        self._on_outcome = on_outcome
        self._wake: SimpleQueue[str] = SimpleQueue()  # unlike an event, it may be used in a signal handler
        self._is_stopping = False
        self._mirror = open_mirror(site, settings.source)
        self._follower = Follower(site, settings.source, self._mirror, lambda: self._rouse(RUN_ENDED))
        self._requests = Requests(site.state.folder.requests)

    def once(self) -> Outcome:
        """Reconcile one time and wait for the runs."""
        self._site.state.lock.acquire()
        try:
            self._follower.resume()
            self._follower.wait()
            outcome = self._follower.reconcile("once", is_asked=True)
            self._on_outcome(outcome)
            self._follower.wait()
            return outcome
        finally:
            self._follower.stop()
            self._site.state.lock.release()

    def run(self) -> None:
        """Reconcile until SIGTERM or SIGINT."""
        self._site.state.lock.acquire()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        watches = (
            RefWatch(self._settings.source.url, lambda: self._rouse("push")),
            FolderWatch(self._site.state.folder.requests, lambda: self._rouse("request"), _is_request),
        )
        scheduler = self._scheduler()
        try:
            for watch in watches:
                watch.start()
            for run_id in self._follower.resume():
                log.info("taking up %s again", run_id)
            self._rouse("start")
            while not self._is_stopping:
                trigger = self._wait()
                if not self._is_stopping:
                    self._turn(trigger)
        finally:
            log.info("stopping")
            for watch in watches:
                watch.stop()
            scheduler.shutdown(wait=False)
            self._follower.stop()
            self._site.state.lock.release()

    def _wait(self) -> str:
        """Block until there is a reason to look, and give the newest one."""
        due = self._follower.next_due()
        timeout = _LONGEST_WAIT_SECONDS if due is None else max(0.0, due - self._site.clock())
        try:
            trigger = self._wake.get(timeout=min(timeout, _LONGEST_WAIT_SECONDS))
        except Empty:
            self._follower.retry()
            return "interval"
        while not self._wake.empty():
            trigger = self._wake.get()
        return trigger

    def _turn(self, trigger: str) -> None:
        """One reconciliation, whatever woke us; a fault in it never ends the daemon."""
        requests = [request for request in self._requests.pending() if not self._is_cancellation(request)]
        asked = [request.name for request in requests]
        try:
            if any(request.refresh_images for request in requests):
                self._follower.refresh_images()
            outcome = self._follower.reconcile("request" if asked else trigger, is_asked=bool(asked))
        except Exception as error:  # the loop must go on; the next turn may succeed
            log.exception("reconciliation failed")
            outcome = Outcome(error=f"{type(error).__name__}: {error}")
        self._on_outcome(outcome)
        for request in asked:
            self._requests.answer(request, outcome.is_good, outcome.error or outcome.revision)

    def _is_cancellation(self, request: Request) -> bool:
        """Whether a run was to be ended; if so, it is being ended."""
        if not request.cancel:
            return False
        is_found = self._follower.cancel(request.cancel)
        message = f"cancelling {request.cancel}" if is_found else f"{request.cancel} is not under way here"
        self._requests.answer(request.name, is_found, message)
        return True

    def _rouse(self, trigger: str) -> None:
        self._wake.put(trigger)

    def _stop(self) -> None:
        self._is_stopping = True
        self._rouse("stop")

    def _scheduler(self) -> Any:
        from apscheduler.schedulers.background import BackgroundScheduler

        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(
            lambda: self._rouse("interval"),
            "interval",
            seconds=self._settings.interval,
            jitter=min(self._settings.jitter, self._settings.interval / 10),
            coalesce=True,
            max_instances=1,
        )
        scheduler.start()
        return scheduler


def _is_request(path: str) -> bool:
    """Whether a changed file asks for something; the answers lie beside it."""
    return path.endswith(".asked")


def open_mirror(site: Site, source: SourceSettings) -> Mirror:
    """The mirror of a source, kept in the state."""
    return Mirror(source.url, source.branch, site.state.folder.sources / f"{source.name}.git")
