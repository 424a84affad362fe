"""The runs that this process carries out, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from reconciler.execution.carry_out import ENDED_BY_HAND
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.model.pipelines import OnNewRevision
from reconciler.model.runs import SUPERSEDED
from reconciler.model.steps import Graph

log = logging.getLogger("reconciler")


class RunsUnderWay:
    """At most one run of each pipeline.

    Args:
        on_end: called in the thread of a run once it is under way no more.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._runs: dict[str, PipelineRun] = {}
        self._lock = threading.Lock()
        self._is_idle = threading.Event()
        self._is_idle.set()

    def of(self, pipeline: str) -> PipelineRun | None:
        with self._lock:
            return self._runs.get(pipeline)

    def start(self, pipeline: str, run: PipelineRun) -> None:
        with self._lock:
            self._runs[pipeline] = run
            self._is_idle.clear()
        threading.Thread(target=self._go, args=(pipeline, run), name=f"run {pipeline}", daemon=True).start()

    def _go(self, pipeline: str, run: PipelineRun) -> None:
        try:
            ended = run.go()
            log.info("%s %s%s", ended.id, ended.status, f": {ended.error}" if ended.error else "")
        except Exception as error:  # a fault of ours must not leave the run looking alive
            log.exception("run of %s broke off", pipeline)
            run.give_up(f"{type(error).__name__}: {error}")
        finally:
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

    def wait(self) -> None:
        """Wait until no run is under way."""
        self._is_idle.wait()

    def _all(self) -> list[PipelineRun]:
        with self._lock:
            return list(self._runs.values())
