"""Revisions that wait for the run of an earlier one to end: who joins, who is next, and who is skipped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from reconciler.daemon.planner import Planner
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.pipelines import OnNewRevision
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan
from reconciler.model.steps import Graph
from reconciler.model.waiting_revisions import SkippedRevision, WaitingRevision
from reconciler.planning.diff import plan_pipeline
from reconciler.planning.waiting_revisions import Line, joined, older, overtaken, told
from reconciler.source.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Turn:
    """A revision that waited, and whose turn it is."""

    waiting: WaitingRevision
    desired: Desired
    plan: PipelinePlan
    actual: Actual


class WaitingLine:
    """Who waits for the pipelines of one source; called by one thread at a time."""

    def __init__(self, site: Site, settings: SourceSettings, mirror: Mirror) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror
        self._kept = site.state.waiting_revisions
        self._lines: dict[str, tuple[WaitingRevision, ...]] = self._kept.of(settings.name)

    def told(self, frozen: Collection[str]) -> dict[str, str]:
        """Who waits, in words, by pipeline.

        Args:
            frozen: the pipelines whose newest revision waits for the end of a freeze, which is told by itself.
        """
        shown = {name: line for name, line in self._lines.items() if name not in frozen or len(line) > 1}
        return {name: told(line) for name, line in shown.items()}

    def join(self, graph: Graph, desired: Desired, trigger: str, under_way: str, why: str, is_alone: bool) -> None:
        """Have a revision wait for its run, as the pipeline wants it.

        Args:
            under_way: the closure that runs, "" where none does.
            why: what it waits for, "" where that is told elsewhere.
            is_alone: the newest one waits and no other, whatever the pipeline wants.
        """
        snapshot = desired.snapshot
        newest = WaitingRevision(
            self._settings.name,
            graph.pipeline,
            snapshot.revision,
            snapshot.commit or "",
            graph.closure,
            trigger,
            self._site.clock(),
            graph.lock,
        )
        policy = OnNewRevision.FINISH if is_alone else graph.on_new_revision
        line = tuple(self._line(graph.pipeline))
        found = joined(line, newest, under_way, policy)
        if found == Line(line):
            return
        with self._site.state.database.transaction():
            self._settle(graph.pipeline, found)
            if newest in found.waiting:
                self._kept.join(newest, why, self._site.clock())
        self._read_again()

    def next(self, graph: Graph) -> Turn | None:
        """The oldest of those that are to run before the newest revision and have something to run; None for none."""
        if graph.on_new_revision is not OnNewRevision.QUEUE:
            return None
        for waiting in older(self._line(graph.pipeline), graph.closure):
            try:
                turn = self._turn(waiting, graph)
            except ReconcilerError as error:
                self.skip(waiting, f"it cannot be read any more: {error}")
                continue
            if turn is not None:
                return turn
            self.leave(waiting)
        return None

    def _turn(self, waiting: WaitingRevision, newest: Graph) -> Turn | None:
        """What a revision runs, with references as they were resolved then; None where there is nothing to do."""
        site, settings = self._site, self._settings
        # Nothing is taken from the revision that is applied, nor left to the next one.
        before = Planner(site.state, settings.data_roots, site.base_images, site.remote_data, settings.folder)
        desired = before.load(self._mirror.snapshot(waiting.commit), self._mirror.applied, waiting.lock)
        found = next((each for each in before.graphs(desired) if each.pipeline == waiting.pipeline), None)
        if found is None or found.hindrances:
            told = "; ".join(found.hindrances) if found else "it does not hold the pipeline without problems any more"
            raise ReconcilerError(told)
        graph = replace(found, is_suspended=newest.is_suspended)
        actual = replace(before.actual(self._settings.name, [graph]), held={})
        plan = plan_pipeline(graph, actual)
        return None if plan.action is PipelineAction.NONE else Turn(waiting, desired, plan, actual)

    def leave(self, waiting: WaitingRevision) -> None:
        """It waits no more: it runs, or has nothing to run; to be called in the transaction that starts the run."""
        self._kept.leave([waiting])
        self._read_again()

    def skip(self, waiting: WaitingRevision, why: str) -> None:
        self._kept.skip([SkippedRevision(waiting, why, is_loss=True)], self._site.clock())
        self._read_again()

    def overtake(self, graph: Graph, revision: str) -> None:
        """The newest revision runs, or has nothing to run: nobody waits any more."""
        line = self._line(graph.pipeline)
        if line:
            self._settle(graph.pipeline, overtaken(line, graph.closure, revision))
            self._read_again()

    def drop_all_but(self, pipelines: Collection[str]) -> None:
        """Those of pipelines that are gone wait in vain."""
        gone = [each for name, line in self._lines.items() if name not in pipelines for each in line]
        if gone:
            self._kept.skip(
                [SkippedRevision(each, "the pipeline is gone from Git") for each in gone], self._site.clock()
            )
            self._read_again()

    def _settle(self, pipeline: str, found: Line) -> None:
        """Keep what became of those who waited before."""
        skipped = [each for each in found.skipped if each.waiting.number]
        stays = {each.number for each in (*found.waiting, *(each.waiting for each in skipped))}
        with self._site.state.database.transaction():
            self._kept.skip(skipped, self._site.clock())
            self._kept.leave(each for each in self._line(pipeline) if each.number not in stays)

    def _line(self, pipeline: str) -> Sequence[WaitingRevision]:
        return self._lines.get(pipeline, ())

    def _read_again(self) -> None:
        self._lines = self._kept.of(self._settings.name)
