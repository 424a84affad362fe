"""The daemon: one process that follows sources, each by itself, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from queue import Empty, SimpleQueue

from reconciler.daemon.clockwork import Clockwork
from reconciler.daemon.desk import Desk
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.requests import Answer, Request, Requests, Silence
from reconciler.daemon.retention import tidy_and_tell
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.sd_notify import ServiceSupervisor
from reconciler.daemon.source_loop import SourceLoop
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.vital_signs import VitalSigns
from reconciler.daemon.watchdog import Watchdog
from reconciler.execution.site import Site
from reconciler.model.errors import ReconcilerError
from reconciler.model.previews import AskedPreview

log = logging.getLogger("reconciler")
_SLEEP_SECONDS = 10.0  # at most, between two looks at how the loops are
_STOP_SECONDS = 90.0  # what our end takes at most, besides the time that runs are given
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 120.0  # of what asks for previews, which are fetched and planned first
_STOP, _RELOAD, _REQUEST, _TURN = "stop", "reload", "request", "turn"


class Daemon:
    """Starts the loops of the sources, hands them what is asked for, and stops them.

    Args:
        on_outcome: told what each turn of a source came to, in a thread of its own.
        reread: gives the sources as they are to be followed now, raising `ReconcilerError` where that cannot be told;
            None where they stay as they are.
        drain_seconds: how long runs may go on once we are told to stop, before they are left to the next process.
        supervisor: who is told how we are.
        site_of: gives the place where the runs of a source happen, on the same state as `site`, which is that of all
            where None is given.
    """

    def __init__(
        self,
        site: Site,
        sources: Sequence[SourceSettings],
        on_outcome: Callable[[str, Outcome], None],
        reread: Callable[[], Sequence[SourceSettings]] | None = None,
        drain_seconds: float = 0.0,
        supervisor: ServiceSupervisor | None = None,
        site_of: Callable[[SourceSettings], Site] | None = None,
    ) -> None:
        self._site = site
        self._site_of = site_of or (lambda _: site)
        self._sources = tuple(sources)
        self._on_outcome = on_outcome
        self._reread = reread
        self._wake: SimpleQueue[str] = SimpleQueue()  # unlike an event, it may be used in a signal handler
        self._names = PipelineNames(site.state)
        self._runs: dict[str, RunsUnderWay] = {}
        self._loops: dict[str, SourceLoop] = {}
        self._leaving: dict[str, SourceLoop] = {}
        self._drain_seconds = drain_seconds
        self._is_draining = False
        self._supervisor = supervisor or ServiceSupervisor()
        self._vital_signs = VitalSigns(self._supervisor, site.state, self._loops, self._runs)
        self._requests = Requests(lambda: self._wake.put(_REQUEST))
        self._desk = Desk(self._requests, self._loops, self._runs, self._names)
        self._watchdog = Watchdog(site.state, self._loops, self._begin_anew)
        self._clockwork = Clockwork()

    def once(
        self, beside: AbstractContextManager[object] | None = None, has_drift_mended: bool = False
    ) -> Mapping[str, Outcome]:
        """Reconcile every source one time, all at once, and wait for the runs; returns what each came to.

        Args:
            beside: see `run`.
            has_drift_mended: look for what differs with no new commit too, and mend it.
        """
        self._site.state.lock.acquire()
        ends: SimpleQueue[tuple[str, Outcome | Exception]] = SimpleQueue()
        outcomes: dict[str, Outcome] = {}
        faults: list[Exception] = []
        besides = ExitStack()
        try:
            self._prepare()
            if beside is not None:
                besides.enter_context(beside)
            for loop in self._loops.values():
                loop.start_once(lambda name, outcome: ends.put((name, outcome)), has_drift_mended)
            for _ in self._loops:
                name, outcome = ends.get()  # unlike the end of a thread, it can be waited for and interrupted
                if isinstance(outcome, Exception):
                    faults.append(outcome)
                else:
                    outcomes[name] = outcome
        finally:
            self._stop_all()
            besides.close()
            self._site.state.lock.release()
        if faults:  # of the others nothing is lost: what came of them is in the state
            raise faults[0]
        return outcomes

    @property
    def settings(self) -> Mapping[str, SourceSettings]:
        """How the sources are followed at the moment, by name; like those below, for any thread to ask."""
        return {name: loop.settings for name, loop in [*self._loops.items()]}

    @property
    def queued(self) -> Mapping[str, int]:
        """How much waits for the next turn of each source."""
        return {name: loop.queued for name, loop in [*self._loops.items()]}

    @property
    def hung(self) -> Sequence[str]:
        """The sources whose loops are stuck."""
        return self._vital_signs.hung()

    @property
    def is_draining(self) -> bool:
        """Whether nothing new is begun, as we are to end."""
        return self._is_draining

    def rouse(self, source: str, trigger: str) -> bool:
        """Have a source looked at; False where it is not followed."""
        loop = self._loops.get(source)
        if loop is not None:
            loop.rouse(trigger)
        return loop is not None

    def ask(self, request: Request, timeout_seconds: float, is_given_up: Callable[[], bool]) -> Answer | Silence:
        """Have something done that somebody asks for, and wait for what comes of it."""
        return self._requests.ask(request, timeout_seconds, is_given_up)

    def preview(self, source: str, asked: AskedPreview) -> Answer:
        """Have a pull request of a source run before it is merged; blocks until that has begun."""
        return self._answered(Request(source=source, preview=asked))

    def end_preview(self, source: str, number: int) -> Answer:
        """Have what a pull request's preview runs ended, and what it gave forgotten; blocks likewise."""
        return self._answered(Request(source=source, closed=number))

    def _answered(self, request: Request) -> Answer:
        answer = self._requests.ask(request, _PATIENCE_SECONDS)
        return answer if isinstance(answer, Answer) else Answer(False, f"{answer.told} not answer")

    def run(self, beside: AbstractContextManager[object] | None = None) -> None:
        """Reconcile until SIGTERM or SIGINT.

        Args:
            beside: entered for as long as that goes on, once no other daemon can be on this state.
        """
        self._site.state.lock.acquire()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._wake.put(_STOP))
        if self._reread is not None:
            signal.signal(signal.SIGHUP, lambda *_: self._wake.put(_RELOAD))
        besides = ExitStack()
        try:
            self._prepare()
            if beside is not None:
                besides.enter_context(beside)
            self._clockwork.start()
            self._clockwork.tidy_daily(self._tidy)
            for loop in self._loops.values():
                self._begin(loop)
            while (news := self._news()) != _STOP:
                self._attend(news)
            self._supervisor.stopping(self._drain_seconds + _STOP_SECONDS)
            self._drain()
        finally:
            log.info("stopping")
            besides.close()
            self._clockwork.stop()
            self._stop_all()
            self._site.state.lock.release()

    def _news(self, seconds: float = _SLEEP_SECONDS) -> str:
        """What woke us; the supervisor hears of us before we fall asleep."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._watchdog.look()
            self._vital_signs.tell()
            with suppress(Empty):
                return self._wake.get(timeout=self._watchdog.wait_seconds(self._vital_signs.wait_seconds(left)))
        return _REQUEST

    def _attend(self, news: str) -> None:
        if news == _RELOAD:
            self._supervisor.reloading()
            self._reload()
            self._supervisor.ready()
        if news != _TURN:
            self._desk.hand_out()

    def _drain(self) -> None:
        """Start nothing new, and let runs come to their end; another signal, or the end of their time, leaves them."""
        end = time.monotonic() + self._drain_seconds
        if not self._drain_seconds or not self._under_way():
            return
        self._is_draining = True
        log.info("stopping once %s ended; another signal leaves what runs", ", ".join(self._under_way()))
        for runs in self._runs.values():
            runs.hold()
        for loop in self._loops.values():
            loop.end()
        while self._under_way() and time.monotonic() < end:
            news = self._news(_LOOK_SECONDS)
            if news == _STOP:
                break
            self._desk.hand_out()
        left = self._under_way()
        if left:
            log.info("leaving %s to the next daemon", ", ".join(left))

    def _under_way(self) -> list[str]:
        return [pipeline for runs in self._runs.values() for pipeline in runs.pipelines]

    def _came_to(self, source: str, outcome: Outcome) -> None:
        """In the thread of a source."""
        self._on_outcome(source, outcome)
        self._vital_signs.came_to(source, outcome)
        self._wake.put(_TURN)

    def _prepare(self) -> None:
        """The loops of all sources, none of which has begun: what pipelines each has is known before one asks."""
        names = [source.name for source in self._sources]
        if self._reread is not None:
            for gone in {source.name for source in self._site.state.sources.all()} - {*names}:
                self._site.state.sources.forget(gone)
        self._site.state.settings.followed = names
        self._names.recall(names)
        for source in self._sources:
            self._loops[source.name] = self._loop(source)

    def _loop(self, source: SourceSettings) -> SourceLoop:
        runs = self._runs.setdefault(source.name, RunsUnderWay())
        return SourceLoop(self._site_of(source), source, runs, self._names, self._came_to, self._desk.answer)

    def _begin_anew(self, hung: SourceLoop) -> None:
        """Put another loop in the place of one that was given up."""
        self._loops[hung.name] = loop = self._loop(hung.settings)
        self._desk.hand_on(loop)
        self._begin(loop)

    def _begin(self, loop: SourceLoop, after: SourceLoop | None = None) -> None:
        loop.start(after)
        self._clockwork.look_at(loop)

    def _tidy(self) -> None:
        for loop in list(self._loops.values())[:1]:  # what is kept is the same for all
            tidy_and_tell(self._site.state, loop.settings.upkeep.retention, self._site.clock())

    def _reload(self) -> None:
        """Follow what is to be followed now; where that cannot be told, everything stays as it is."""
        if self._reread is None:
            return
        try:
            sources = tuple(self._reread())
            for source in sources:
                self._site_of(source)  # whose engine may not answer
        except ReconcilerError as error:
            log.error("the configuration is left as it was: %s", error)
            return
        log.info("the configuration was read again: %s", ", ".join(source.name for source in sources) or "no source")
        wanted = {source.name: source for source in sources}
        for name in [name for name in self._loops if name not in wanted]:
            self._clockwork.look_no_more(name)
            self._leaving[name] = self._loops.pop(name)
            self._leaving[name].retire(partial(self._forget, name))
        for name, source in wanted.items():
            before = self._loops.get(name)
            if before is not None and before.settings == source:
                continue
            self._loops[name] = loop = self._loop(source)
            if before is not None:
                before.retire()
                self._desk.hand_on(loop)
            self._begin(loop, before or self._leaving.pop(name, None))
        self._site.state.settings.followed = list(wanted)

    def _forget(self, name: str) -> None:
        if name not in self._loops:  # else it came back meanwhile
            self._site.state.sources.forget(name)

    def _stop_all(self) -> None:
        """All loops to their end, then all runs: none is started behind our back."""
        for loop in self._loops.values():
            loop.end()
        if self._site.remote_data is not None:
            self._site.remote_data.abandon()
        for runs in self._runs.values():
            runs.interrupt()
        for loop in self._loops.values():
            if loop.is_over():
                loop.stop()
            else:
                log.error("%s does not come to its end, and is left", loop.name)
        for runs in self._runs.values():
            runs.interrupt()
            runs.wait()
