"""The runs that this process carries out, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context

from reconciler.execution.carry_out import ENDED_BY_HAND
from reconciler.execution.late_record import LateRecord
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.log_facts import about
from reconciler.model.pipelines import OnNewRevision
from reconciler.model.runs import SUPERSEDED, Run, RunStatus
from reconciler.model.steps import Graph

log = logging.getLogger("reconciler")


class RunsUnderWay:
    """At most one run of each pipeline; and those that are over, until MLflow has their records.

    Args:
        on_end: called in the thread of a run once it is under way no more.
    """

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        self._on_end = on_end
        self._runs: dict[str, PipelineRun] = {}
        self._late: dict[str, LateRecord] = {}
        self._lock = threading.Lock()
        self._is_held = False
        self._is_idle = threading.Event()
        self._is_idle.set()

    def listen(self, on_end: Callable[[], None], instead_of: Callable[[], None] | None = None) -> None:
        """Have somebody else called from now on; with `instead_of`, only where that is who is called now."""
        with self._lock:
            if instead_of in (None, self._on_end):
                self._on_end = on_end

    def of(self, pipeline: str) -> PipelineRun | None:
        with self._lock:
            return self._runs.get(pipeline)

    def has(self, run_id: str) -> bool:
        """Whether this process has a run in hand: carries it out, or is to tell MLflow of it."""
        with self._lock:
            late = self._late.get(run_id)
            return (late is not None and not late.told.done()) or any(run.id == run_id for run in self._runs.values())

    def keep(self, late: LateRecord) -> None:
        """Have a record in hand that waits for MLflow; it is in the way of nothing."""
        with self._lock:
            self._late = {run_id: each for run_id, each in self._late.items() if not each.told.done()}
            self._late[late.run_id] = late

    @property
    def pipelines(self) -> list[str]:
        """Those of which a run is under way."""
        with self._lock:
            return list(self._runs)

    def hold(self) -> None:
        """Begin no other run: those that come are left to the next process, as though they were interrupted."""
        with self._lock:
            self._is_held = True

    def start(self, pipeline: str, run: PipelineRun) -> None:
        with self._lock:
            if self._is_held:
                return
            self._runs[pipeline] = run
            self._is_idle.clear()
        go = copy_context().run  # what the log knows of who starts it holds for the run
        threading.Thread(target=go, args=(self._go, pipeline, run), name=f"run {pipeline}", daemon=True).start()

    def _go(self, pipeline: str, run: PipelineRun) -> None:
        with about(pipeline=pipeline, run=run.id, revision=run.revision):
            try:
                ended = run.go()
                log.info("%s %s", ended.id, _what_became_of(ended))
            except Exception as error:  # a fault of ours must not leave the run looking alive
                log.exception("run of %s broke off", pipeline)
                run.give_up(f"{type(error).__name__}: {error}")
            finally:
                if run.late_record is not None:
                    self.keep(run.late_record)
                self._end(pipeline)

    def _end(self, pipeline: str) -> None:
        with self._lock:
            self._runs.pop(pipeline, None)
        try:
            self._on_end()  # before we are idle: who waited for that finds out what the end of the run brought
        finally:
            with self._lock:
                if not self._runs:
                    self._is_idle.set()

    def tell(self) -> None:
        """Have it looked again, as after the end of a run."""
        with self._lock:
            on_end = self._on_end
        on_end()

    def supersede(self, graph: Graph, revision: str) -> None:
        """End a run of something else than what is applied, where the pipeline wants that."""
        run = self.of(graph.pipeline)
        if run is None or graph.on_new_revision is not OnNewRevision.CANCEL:
            return
        if run.closure != graph.closure:
            run.cancel(f"{SUPERSEDED}{revision}")

    def cancel(self, run_id: str) -> bool:
        """Have a run end; False where it is not under way here."""
        run = next((run for run in self._all() if run.id == run_id), None)
        if run is None:
            return False
        run.cancel(ENDED_BY_HAND)
        return True

    def interrupt(self) -> None:
        """Have all runs stand still, so that the next process takes them up."""
        for run in self._all():
            run.interrupt()
        with self._lock:
            late = list(self._late.values())
        for record in late:
            record.leave()

    def wait(self) -> None:
        """Wait until no run is under way."""
        self._is_idle.wait()

    def _all(self) -> list[PipelineRun]:
        with self._lock:
            return list(self._runs.values())


def _what_became_of(run: Run) -> str:
    if run.status is RunStatus.RUNNING:
        return "goes on, for the next daemon to follow"
    return f"{run.status}: {run.error}" if run.error else str(run.status)
