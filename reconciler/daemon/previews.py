"""Pull requests as they would train: run apart from what counts, and taken up by all once they are merged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.daemon.planner import Planner
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.carry_out import Order, new_run
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.site import InFlight, Site
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.plan import PipelinePlan
from reconciler.model.previews import AskedPreview, Preview, of_preview, previewed_name
from reconciler.model.runs import SUPERSEDED, Run
from reconciler.model.snapshot import Snapshot
from reconciler.planning.diff import plan_pipeline
from reconciler.planning.previews import is_merged, previewed, seen_as, touched
from reconciler.source.mirror import Mirror
from reconciler.source.pull_requests import bring, let_go, shared_commit

log = logging.getLogger("reconciler")


@dataclass(frozen=True, slots=True)
class _Planned:
    """A pipeline of a preview, as its run goes by the name of that."""

    plan: PipelinePlan
    run: PipelineRun | None


class Previews:
    """Those of one source; called by one thread at a time."""

    def __init__(self, site: Site, settings: SourceSettings, mirror: Mirror, runs: RunsUnderWay) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror
        self._runs = runs
        self._in_flight = InFlight()
        self._to_begin: set[int] = set()

    def ask(self, asked: AskedPreview, applied: str) -> str:
        """Run what a pull request would train, and say what that is.

        Runs of an earlier commit of it are ended first, and what they gave is taken up as far as it fits.

        Args:
            applied: the commit that is applied.

        Raises:
            ReconcilerError: it cannot be fetched, or something in it is wrong.
        """
        bring(self._mirror, asked.number, asked.ref, asked.commit)
        verification = self._settings.verification
        said = self._mirror.why_unverified(asked.commit, verification) if verification else ""
        if said:
            raise UsageError(f"pull request {asked.number} is not run: {said}")
        base = shared_commit(self._mirror, asked.commit, applied)
        preview = Preview(self._settings.name, asked.number, asked.commit, base, asked.by, self._site.clock())
        self._site.state.previews.save(preview)
        begun = self._begin(preview)
        return "; ".join(begun) or "nothing to do: it would train nothing that did not run already"

    def begin(self) -> None:
        """Begin what had to wait for the end of a run of an earlier commit."""
        waiting, self._to_begin = self._to_begin, set()
        for number in sorted(waiting):
            preview = self._site.state.previews.get(self._settings.name, number)
            try:
                for said in self._begin(preview) if preview else ():
                    log.info("pull request %d: %s", number, said)
            except ReconcilerError as error:
                log.warning("the preview of pull request %d is given up: %s", number, error)

    def adopt(self, applied: Snapshot | None) -> None:
        """Let all take up what previews gave whose pull requests are merged into a revision that is applied anew."""
        if applied is None:
            return
        for preview in self._site.state.previews.of(self._settings.name):
            if not (preview.base and self._mirror.has(preview.commit) and self._mirror.has(preview.base)):
                continue
            base, head = self._mirror.snapshot(preview.base), self._mirror.snapshot(preview.commit)
            if is_merged(base, head, applied):
                self._cancel(preview.number, f"pull request {preview.number} is merged")
                self._site.state.previews.share(preview)
                let_go(self._mirror, preview.number)
                log.info("pull request %d is merged: what its preview gave is taken up", preview.number)

    def close(self, number: int) -> str:
        """End the runs of a preview and forget what they gave; what was merged is taken up by others already."""
        preview = self._site.state.previews.get(self._settings.name, number)
        if preview is None:
            return f"there is no preview of pull request {number}"
        self._cancel(number, f"pull request {number} is closed")
        self._site.state.previews.drop(preview)
        let_go(self._mirror, number)
        return f"the preview of pull request {number} is over"

    def continued(self, run: Run) -> PipelineRun:
        """The run of a preview that an earlier process left in the middle.

        Raises:
            ReconcilerError: its preview is over, or of another commit by now.
        """
        _, number = of_preview(run.pipeline) or ("", 0)
        preview = self._site.state.previews.get(self._settings.name, number)
        if preview is None or preview.revision != run.revision:
            raise ReconcilerError("its preview is over")
        for each in self._planned(preview, run):
            if each.plan.name == run.pipeline and each.plan.graph.closure == run.closure and each.run is not None:
                return each.run
        raise ReconcilerError(f"{run.revision} does not hold it any more")

    def _begin(self, preview: Preview) -> list[str]:
        begun = []
        for each in self._planned(preview):
            name = each.plan.name
            under_way = self._runs.of(name)
            if under_way is not None and under_way.closure != each.plan.graph.closure:
                under_way.cancel(f"{SUPERSEDED}{preview.revision}")
                self._to_begin.add(preview.number)
                begun.append(f"{name} begins anew once {under_way.id} has ended")
            elif under_way is None and each.run is not None:
                self._runs.start(name, each.run)
                begun.append(f"started {each.run.id}")
        return begun

    def _planned(self, preview: Preview, kept: Run | None = None) -> Iterator[_Planned]:
        """What a merge would run; a run is made of what has none yet, or goes on as it is kept.

        Raises:
            UsageError: something in it is wrong.
        """
        site = replace(self._site, state=self._site.state.apart(preview.name), in_flight=self._in_flight, is_apart=True)
        settings = self._settings
        planner = Planner(site.state, settings.data_roots, site.base_images, site.remote_data, settings.folder)
        snapshot = replace(self._mirror.snapshot(preview.commit), revision=preview.revision)
        planned = planner.plan(snapshot, self._mirror, settings.name)
        wrong = next((problem for problem in planned.plan.problems if problem.is_error), None)
        if wrong is not None:
            raise UsageError(wrong.message, place=f"{preview.revision}: {wrong.file}", hint=wrong.hint or None)
        origin = settings.origin(preview.commit)
        order = Order(
            settings.name,
            preview.revision,
            f"preview by {preview.by}",
            origin,
            experiment_prefix=f"pr-{preview.number}/{settings.experiment_prefix}",
        )
        for each in touched(planned.plan):
            name = previewed_name(each.name, preview.number)
            if kept is not None and kept.pipeline != name:
                continue
            actual = seen_as(planner.actual(settings.name, [each.graph], is_forced=True), each.name, name)
            wanted = previewed(plan_pipeline(each.graph, actual, is_forced=kept is not None), preview)
            if kept is not None:
                yield _Planned(wanted, PipelineRun(site, kept, wanted, actual, self._mirror.objects, origin))
            elif any(run.status.is_good for run in site.state.runs.with_closure(name, each.graph.closure)):
                continue
            elif self._runs.of(name) is not None:
                yield _Planned(wanted, None)
            else:
                yield _Planned(wanted, new_run(site, wanted, actual, self._mirror.objects, order))

    def _cancel(self, number: int, reason: str) -> None:
        self._to_begin.discard(number)
        for name in self._runs.pipelines:
            run = self._runs.of(name)
            if run is not None and (of_preview(name) or ("", 0))[1] == number:
                run.cancel(reason)
