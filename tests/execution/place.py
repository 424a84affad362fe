"""A state with all that carries runs out in it; to close one and open another is to restart the program."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from reconciler.engines.process import ProcessEngine
from reconciler.environments.base import EnvironmentBuilder, EnvironmentSpec, Leftover, Needed
from reconciler.execution.carry_out import Order, new_run
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.origin import Origin
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.site import Site
from reconciler.execution.workspace import Workspace
from reconciler.manifests.loader import Loader
from reconciler.model.plan import Actual, PipelinePlan
from reconciler.model.runs import Run, StepRun
from reconciler.planning.diff import plan_pipeline
from reconciler.planning.graph import GraphBuilder
from reconciler.source.ignores import with_ignores
from reconciler.source.outside_data import with_outside_data
from reconciler.source.remote_data import RemoteStore
from reconciler.source.worktree import Worktree
from reconciler.state.actual import ActualReader
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.tracking.base import Tracking
from reconciler.tracking.none import NoTracking

ORIGIN = Origin("https://example.org/loans.git", "main", "c0ffee")


class ThisPython:
    """Builds nothing: every environment is that of the tests."""

    engine = "process"

    def location(self, spec: EnvironmentSpec) -> str | None:  # noqa: ARG002
        return sys.prefix

    def build(self, spec: EnvironmentSpec, log: Path) -> str:  # noqa: ARG002
        return sys.prefix

    def broken(self, spec: EnvironmentSpec) -> str:  # noqa: ARG002
        return ""

    def discard(self, spec: EnvironmentSpec) -> None:
        """Nothing breaks here."""

    def notes(self, spec: EnvironmentSpec) -> list[str]:  # noqa: ARG002
        return []

    def leftovers(self, needed: Needed) -> list[Leftover]:  # noqa: ARG002
        return []

    def remove(self, leftover: Leftover) -> bool:  # noqa: ARG002
        return True


class Place:
    """Carries out the runs of one source."""

    def __init__(
        self,
        folder: Path,
        parallel: int = 4,
        builder: EnvironmentBuilder | None = None,
        tracking: Tracking | None = None,
        data_roots: tuple[str, ...] = (),
    ) -> None:
        self._data_roots = data_roots
        self._is_closed = False
        self.state = State(StateFolder(folder))
        self.remote_data = RemoteStore(self.state.folder.data, self.state.documents)
        self.site = Site(
            state=self.state,
            engine=ProcessEngine(kill_grace_seconds=1.0),
            environments=EnvironmentPool(self.state, builder or ThisPython(), time.time, parallel),
            tracking=tracking or NoTracking(),
            workspace=Workspace(self.state.folder, self.state.outputs, self.state.documents, self.remote_data),
            slots=ThreadPoolExecutor(max_workers=parallel),
            clock=time.time,
        )

    def plan(self, tree: Worktree, pipeline: str = "lending", is_forced: bool = False) -> tuple[PipelinePlan, Actual]:
        """What is to be done with a pipeline, and the actual state that says so."""
        loaded = with_ignores(Loader(self.state.documents).load(tree.snapshot, tree.objects), tree.objects)
        loaded = replace(loaded, registered=self.state.assets.all())
        desired = with_outside_data(loaded, self._data_roots, self.state.documents, self.remote_data, tree.objects)
        graphs, found = GraphBuilder().build(desired)
        problems = [problem for problem in (*desired.problems, *found) if problem.is_error]
        assert not problems, "\n".join(map(str, problems))
        actual = ActualReader(self.state).read("loans", graphs, is_forced)
        graph = next(graph for graph in graphs if graph.pipeline == pipeline)
        return plan_pipeline(graph, actual, is_forced), actual

    def new_run(self, tree: Worktree, pipeline: str = "lending") -> PipelineRun:
        """A run of a pipeline, asked for by someone."""
        plan, actual = self.plan(tree, pipeline, is_forced=True)
        return new_run(self.site, plan, actual, tree.objects, order(tree))

    def go(self, tree: Worktree, pipeline: str = "lending") -> Run:
        """Run a pipeline to its end."""
        return self.new_run(tree, pipeline).go()

    def start(self, tree: Worktree, pipeline: str = "lending") -> Going:
        """Run a pipeline in a thread of its own."""
        return Going(self.new_run(tree, pipeline))

    def take_up(self, tree: Worktree) -> PipelineRun:
        """The run that an earlier process left in the middle."""
        (run,) = self.state.runs.running()
        plan, actual = self.plan(tree, run.pipeline, is_forced=True)
        return PipelineRun(self.site, run, plan, replace(actual, running={}), tree.objects, ORIGIN)

    def steps(self, run: Run | str) -> dict[str, StepRun]:
        """The steps of a run by name, trials as `name[0]`."""
        found = self.state.runs.steps(run if isinstance(run, str) else run.id)
        return {f"{step.name}[{step.trial}]" if step.trial else step.name: step for step in found}

    def statuses(self, run: Run | str) -> dict[str, str]:
        return {name: str(step.status) for name, step in self.steps(run).items()}

    def output(self, run: Run, step: str, name: str = "out") -> str:
        """What a step wrote."""
        return self.output_path(run, step, name).read_text()

    def output_path(self, run: Run, step: str, name: str = "out") -> Path:
        return self.state.outputs.path(self.steps(run)[step].outputs[name])

    def close(self) -> None:
        """Let go of everything; a step that a failed test has left running would be waited for without end."""
        if self._is_closed:
            return
        self._is_closed = True
        for run in self.state.runs.running():
            for step in self.state.runs.steps(run.id):
                if step.handle:
                    self.site.engine.cancel(step.handle)
        self._let_go()

    def leave(self) -> None:
        """Let go of everything but the steps that run, as a daemon does that is told to stop."""
        self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        self.site.close()
        self.state.close()


class Going:
    """A run that is under way."""

    def __init__(self, run: PipelineRun) -> None:
        self.run = run
        self._ended: Future[Run] = Future()
        threading.Thread(target=self._go, daemon=True).start()

    def ended(self) -> Run:
        return self._ended.result(timeout=30)

    def is_over(self) -> bool:
        return self._ended.done()

    def _go(self) -> None:
        try:
            self._ended.set_result(self.run.go())
        except BaseException as error:
            self._ended.set_exception(error)


def order(tree: Worktree) -> Order:
    return Order("loans", tree.snapshot.revision, "test", ORIGIN)


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for what comes within seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)
