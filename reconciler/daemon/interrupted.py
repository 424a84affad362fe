"""Runs that an earlier process left in the middle, as they go on."""

from __future__ import annotations

from dataclasses import replace

from reconciler.daemon.asked_runs import one_off_graph
from reconciler.daemon.planner import Planner
from reconciler.daemon.previews import Previews
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.carry_out import abandon
from reconciler.execution.late_record import LateRecord, not_whole, tell_end
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.site import Site
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.events import event_of_taking_up
from reconciler.model.previews import of_preview
from reconciler.model.runs import Run, RunStatus
from reconciler.model.steps import Graph
from reconciler.planning.diff import plan_pipeline
from reconciler.source.mirror import Mirror


def continued(run: Run, site: Site, settings: SourceSettings, mirror: Mirror) -> PipelineRun:
    """The run, planned anew at the revision that it began with.

    Raises:
        ReconcilerError: that revision does not hold it any more.
    """
    run = site.state.runs.get(run.id) or run  # with its lock
    snapshot = mirror.snapshot(run.revision.rpartition("sha1:")[2])
    planner = Planner(site.state, settings.data_roots, site.base_images, site.remote_data, settings.folder)
    desired = planner.load(snapshot, mirror.applied, run.lock)
    graph = _graph(run, site, planner, desired)
    if graph is None or graph.closure != run.closure:
        raise ReconcilerError(f"{run.revision} does not hold it any more")
    actual = replace(planner.actual(settings.name, [graph], is_forced=True), running={})
    plan = plan_pipeline(graph, actual, is_forced=True)
    return PipelineRun(site, run, plan, actual, mirror.objects, settings.origin(snapshot.commit))


def take_up(runs: RunsUnderWay, site: Site, settings: SourceSettings, mirror: Mirror, previews: Previews) -> list[str]:
    """Go on with all that was left of a source, and end what cannot go on; returns the ids of what does.

    What is over but for its record is told first, in the order of the runs: it is judged before what goes on.
    """
    for run_id in site.state.waiting_records.of_source(settings.name):
        over = site.state.runs.get(run_id)
        if over is not None and not runs.has(run_id):
            runs.keep(_recorded(over, site, settings, mirror, previews))
    resumed: dict[str, tuple[Run, PipelineRun]] = {}
    for run in site.state.runs.running():
        if run.source != settings.name or runs.of(run.pipeline) is not None or run.pipeline in resumed:
            continue
        try:
            resumed[run.pipeline] = run, _planned_anew(run, site, settings, mirror, previews)
        except ReconcilerError as error:
            runs.keep(abandon(site, run, RunStatus.FAILED, f"cannot be taken up again: {error}"))
    for run, going_on in resumed.values():  # once all have claimed what they execute already
        runs.start(run.pipeline, going_on)
        site.state.events.record([event_of_taking_up(run)], site.clock())
    return [run.id for run, _ in resumed.values()]


def _recorded(run: Run, site: Site, settings: SourceSettings, mirror: Mirror, previews: Previews) -> LateRecord:
    """Have MLflow told of a run that is over: all of it, or where its revision is gone, that it is over."""
    try:
        return _planned_anew(run, site, settings, mirror, previews).record_late()
    except ReconcilerError as error:
        return tell_end(site, run, not_whole(error) if run.status.is_good else "")


def _planned_anew(run: Run, site: Site, settings: SourceSettings, mirror: Mirror, previews: Previews) -> PipelineRun:
    if of_preview(run.pipeline) is not None:
        return previews.continued(run)
    return continued(run, site, settings, mirror)


def _graph(run: Run, site: Site, planner: Planner, desired: Desired) -> Graph | None:
    asked = site.state.asked_runs.of_run(run.id)
    if asked is not None and asked.inputs:
        return one_off_graph(asked, desired)
    fired = site.state.schedules.of_run(run.id)
    if fired is None:
        return next((graph for graph in planner.graphs(desired) if graph.pipeline == run.pipeline), None)
    schedule = next((each for each in desired.schedules if each.name == fired.schedule), None)
    return planner.fire(schedule, desired, fired.moment).graph if schedule else None
