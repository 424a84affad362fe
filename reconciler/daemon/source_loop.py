"""One source, followed in a thread of its own: what wakes it, and what it does then."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue

from reconciler.daemon.acts import carried_out
from reconciler.daemon.follower import RUN_ENDED, Follower
from reconciler.daemon.once import once
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.progress import GivenUpError, Progress, Step
from reconciler.daemon.requests import Answer, Request
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_record import record_of
from reconciler.daemon.source_settings import SourceSettings, open_mirror
from reconciler.execution.site import Site
from reconciler.log_facts import about
from reconciler.source.watch import RefWatch

log = logging.getLogger("reconciler")
_LONGEST_WAIT_SECONDS = 3600.0
_INTERVALS = 2  # after which a look is overdue, whatever the clock on the wall says
_PAUSE_SECONDS = 1.0  # after a fault of ours
_PATIENCE_SECONDS = 30.0
_NO_NEWS = (RUN_ENDED, "interval", "start", "end")


class SourceLoop:
    """Wakes for a push, a request, a due retry or the clock, and reconciles its source.

    Args:
        runs: those of the source, which may have begun before this loop.
        on_outcome: told what each turn came to, in the thread of the loop.
        answer: told what came of a request, likewise.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        runs: RunsUnderWay,
        names: PipelineNames,
        on_outcome: Callable[[str, Outcome], None],
        answer: Callable[[str, Request, Answer], None],
    ) -> None:
        self._site = site
        self.settings = settings
        self._on_outcome = on_outcome
        self._answer = answer
        self._wake: SimpleQueue[str] = SimpleQueue()
        self._asked: SimpleQueue[Request] = SimpleQueue()
        self._is_ending = False
        self._busy_since: float | None = None
        self._in_turn: list[Request] = []
        self._progress = Progress()
        self.has_ended_a_turn = False
        self.has_news = False
        self._mirror = open_mirror(site, settings)
        self._follower = Follower(
            site, settings, self._mirror, lambda: self.rouse(RUN_ENDED), runs, names, self._progress
        )
        self._watch = RefWatch(settings.url, lambda: self.rouse("push"))
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self.settings.name

    def seconds_in_turn(self) -> float | None:
        """For how long it has been busy; None where it waits for something to do, infinity where it is gone."""
        if self._thread is not None and not self._thread.is_alive() and not self._is_ending:
            return math.inf
        since = self._busy_since
        return None if since is None else time.monotonic() - since

    @property
    def deadline_seconds(self) -> float:
        """How long a turn may take."""
        return self.settings.deadline

    @property
    def clock(self) -> Callable[[], float]:
        return self._site.clock

    def give_up(self) -> Step:
        """Take no part in anything any more, whatever becomes of what it is at; returns that.

        Its runs are left to the loop that takes its place. What its thread does once it comes back is refused.
        """
        step = self._progress.give_up()
        self._is_ending = True
        thread = self._thread
        if thread is not None and thread.ident is not None and thread.is_alive():
            self._site.state.database.shut_out(thread.ident)
            self._mirror.interrupt(thread.ident)  # which frees one that waits for the remote
        self._follower.give_up()
        self.rouse("end")
        return step

    def answer_for_turn(self, told: str) -> None:
        """Tell those who asked for the turn that was given up; who asked later is left to the next loop."""
        for request in self._in_turn:
            self._answer(self.name, request, Answer(False, told))

    def start(self, after: SourceLoop | None = None) -> None:
        """Begin to follow the source, once another loop of it has come to its end."""
        self._begin(lambda: self._go(after))

    def start_once(self, on_end: Callable[[str, Outcome | Exception], None], has_drift_mended: bool = False) -> None:
        """Reconcile one time and wait for the runs; what came of it is told in the end."""

        def tell(outcome: Outcome) -> None:
            self._on_outcome(self.name, outcome)

        def go() -> None:
            try:
                on_end(self.name, once(self._follower, tell, lambda: self._is_ending, has_drift_mended))
            except Exception as error:  # for those to raise who wait
                on_end(self.name, error)

        self._begin(go)

    @property
    def queued(self) -> int:
        """How much waits for the next turn, which sees to all of it."""
        return self._wake.qsize()

    def rouse(self, trigger: str) -> None:
        """Have the loop look; what rouses it several times before it comes to that makes it look once."""
        self.has_news |= trigger not in _NO_NEWS
        self._wake.put(trigger)

    def ask(self, request: Request) -> None:
        """Have the loop do what somebody asks for, and tell what came of it."""
        self._asked.put(request)
        self.rouse("request")

    def end(self) -> None:
        """Have no turn follow the present one, and that one not wait for the remote."""
        self._is_ending = True
        self._mirror.abandon()
        self.rouse("end")

    def is_over(self, seconds: float = _PATIENCE_SECONDS) -> bool:
        """Wait until the loop has come to its end; False where it takes longer."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def stop(self) -> None:
        """Interrupt the runs, so that the next process takes them up; called once the loop is over."""
        self._follower.stop()

    def retire(self, then: Callable[[], None] = lambda: None) -> None:
        """Let the runs go on to their end, and follow the source no more.

        Args:
            then: called once the last turn is over, in a thread of its own.
        """
        self.end()

        def go() -> None:
            while not self.is_over():
                log.warning("%s still takes its last turn", self.name)
            then()
            self._follower.retire()

        threading.Thread(target=go, name=f"last runs of {self.name}", daemon=True).start()

    def _begin(self, work: Callable[[], None]) -> None:
        record_of(self.settings, self._site.state, self._site.clock).begin()

        def go() -> None:
            with about(source=self.name):
                work()

        self._thread = threading.Thread(target=go, name=f"source {self.name}", daemon=True)
        self._thread.start()

    def _go(self, after: SourceLoop | None) -> None:
        while after is not None and not after.is_over():
            log.warning("%s waits for the last turn with its former settings", self.name)
        self._busy_since = time.monotonic()
        self._watch.start()
        try:
            self._carefully(self._resume)
            while not self._is_ending:
                self._carefully(self._look)
        finally:
            self._watch.stop()
            self._busy_since = None
            self._site.state.database.let_in(threading.get_ident())

    def _carefully(self, step: Callable[[], None]) -> None:
        """Whatever goes wrong, the source is followed on; that it is said and told."""
        try:
            step()
        except GivenUpError:
            return
        except Exception as error:  # a fault of ours must not leave a source without anybody who looks at it
            if self._progress.is_given_up:
                return
            log.exception("source %s: a turn broke off", self.name)
            self._on_outcome(self.name, Outcome(error=f"{type(error).__name__}: {error}"))
            time.sleep(_PAUSE_SECONDS)

    def _resume(self) -> None:
        self.rouse("start")
        for run_id in self._follower.resume():
            log.info("taking up %s again", run_id)

    def _look(self) -> None:
        trigger = self._wait()
        if not self._is_ending:
            self._turn(trigger)

    def _wait(self) -> str:
        """Block until there is a reason to look, and give the newest one.

        Whoever looks by the clock on the wall looks too late where that was put back: we wait for no longer than a few
        intervals as they really pass.
        """
        moments = (self._follower.next_due(), self._follower.next_look())
        due = min((moment for moment in moments if moment is not None), default=None)
        timeout = _LONGEST_WAIT_SECONDS if due is None else max(0.0, due - self._site.clock())
        self._busy_since = None
        try:
            longest = min(_LONGEST_WAIT_SECONDS, _INTERVALS * self.settings.interval)
            trigger = self._wake.get(timeout=min(timeout, longest))
        except Empty:
            self._follower.retry()
            return "interval"
        finally:
            self._busy_since = time.monotonic()
        self.has_news = False
        while not self._wake.empty():
            trigger = self._wake.get()
        return trigger

    def _turn(self, trigger: str) -> None:
        """One reconciliation, whatever woke us; a fault in it never ends the loop."""
        began = time.monotonic()
        requests = self._in_turn = self._requests()
        asked = [request for request in requests if not request.news and not request.is_act]
        news = [request for request in requests if request.news]
        if requests:
            trigger = "request" if asked or not news else news[0].news
        try:
            if any(request.refresh_images for request in requests):
                self._follower.refresh_images()
            if any(request.drift for request in requests):
                self._follower.ask_for_drift()
            if any(request.confirm_prune for request in requests):
                self._follower.confirm_prune()
            is_overriding = any(request.override for request in asked)
            outcome = self._follower.reconcile(trigger, bool(asked), is_overriding)
        except GivenUpError:
            raise
        except Exception as error:  # the next turn may succeed
            if self._progress.is_given_up:
                raise
            log.exception("reconciliation of %s failed", self.name)
            outcome = self._follower.broke_off(error)
        if self._progress.is_given_up or (self._is_ending and outcome.error):
            return  # the remote was not waited for
        self.has_ended_a_turn = True
        self._on_outcome(self.name, replace(outcome, seconds=time.monotonic() - began))
        for request in asked:
            self._answer(self.name, request, Answer(outcome.is_good, outcome.error or outcome.revision))
        for request in news:
            self._answer(self.name, request, Answer(True, outcome.revision))
        for request in requests:
            if request.is_act:
                self._answer(self.name, request, carried_out(request, self._follower))

    def _requests(self) -> list[Request]:
        requests = []
        while not self._asked.empty():
            requests.append(self._asked.get())
        return requests
