"""The daemon in a process that can be killed, begun in no time: it is forked from one that has loaded everything."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from reconciler.daemon.outcome import Outcome
from reconciler.daemon.requests import Answer, Request
from reconciler.daemon.retries import RetryPolicy
from reconciler.daemon.service import Daemon
from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.asked_runs import AskedRun
from reconciler.model.upkeep import Upkeep

from .daemon_process import until
from .site import Clock, make_site

SOURCE = "main"
_PATIENCE_SECONDS = 60.0
_RETRIES = RetryPolicy(attempts=2, first_delay=0.1)


def settings_of(origin: Path) -> SourceSettings:
    """A source of which a commit may take away all, and which is looked at for drift only when somebody asks."""
    upkeep = Upkeep(drift_seconds=86_400.0, max_prune=1.0)
    return SourceSettings(SOURCE, str(origin), "main", retries=_RETRIES, upkeep=upkeep, interval=3600.0)


class LoopProcess:
    """A daemon that runs or does not."""

    def __init__(self, origin: Path, state: Path) -> None:
        self._origin = origin
        self._state = state
        self._log = state.parent / "daemon.log"
        self._process: BaseProcess | None = None
        self._asking: Connection | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def start(self) -> None:
        """Begin; what is asked before it is ready is answered all the same."""
        self._asking, answering = multiprocessing.Pipe()
        arguments = (self._origin, self._state, self._log, answering)
        self._process = _context().Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        answering.close()

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator does."""
        ends = (0, -signal.SIGTERM)  # the latter where it was not yet ready to hear of it
        assert self._end(signal.SIGTERM) in ends, f"it did not stop as it should:\n{self.said}"

    def turn(self, news: str = "") -> Answer:
        """Have it look, and wait until it has; without news, as one who asks for all to be tried again."""
        return self._answer(Request(news=news))

    def look_for_drift(self) -> Answer:
        return self._answer(Request(drift=True))

    def cancel(self, run: str) -> Answer:
        return self._answer(Request(cancel=run))

    def run(self, pipeline: str, is_forced: bool) -> Answer:
        return self._answer(Request(run=AskedRun(pipeline, "ada@lab", is_forced=is_forced), source=SOURCE))

    def until(self, is_true: Callable[[], object]) -> None:
        """Block until something is true."""
        until(is_true, _PATIENCE_SECONDS)

    def _answer(self, request: Request) -> Answer:
        assert self._asking is not None
        try:
            self._asking.send(request)
            assert self._asking.poll(_PATIENCE_SECONDS), f"the daemon is silent:\n{self.said}"
            answer = self._asking.recv()
        except (EOFError, OSError):
            raise AssertionError(f"the daemon is gone:\n{self.said}") from None
        assert isinstance(answer, Answer), f"{answer}:\n{self.said}"
        return answer

    def _end(self, number: signal.Signals) -> int | None:
        process, self._process = self._process, None
        assert process is not None
        assert process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        process.join(_PATIENCE_SECONDS)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        return code


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _run(origin: Path, state: Path, log: Path, asked: Connection) -> None:
    logging.basicConfig(filename=log, format="%(process)d %(threadName)s %(levelname)s %(message)s", level=logging.INFO)
    site = make_site(state, Clock())

    def told(_: str, outcome: Outcome) -> None:
        logging.info("%s %s %s", outcome.revision, outcome.started, outcome.error)

    try:
        daemon = Daemon(site, [settings_of(origin)], told)
        threading.Thread(target=_attend, args=(asked, daemon), daemon=True).start()
        daemon.run()
    finally:
        site.close()
        site.state.close()


def _attend(asked: Connection, daemon: Daemon) -> None:
    """Do what is asked, one thing after the other; once nobody is there any more to ask, end all of it."""
    with suppress(EOFError, OSError):
        while True:
            asked.send(daemon.ask(asked.recv(), _PATIENCE_SECONDS, lambda: False))
    os._exit(1)
