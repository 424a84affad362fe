"""A run that an earlier process left in the middle, as it goes on."""

from __future__ import annotations

from dataclasses import replace

from reconciler.daemon.asked_runs import one_off_graph
from reconciler.daemon.planner import Planner
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.site import Site
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.runs import Run
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


def _graph(run: Run, site: Site, planner: Planner, desired: Desired) -> Graph | None:
    asked = site.state.asked_runs.of_run(run.id)
    if asked is not None and asked.inputs:
        return one_off_graph(asked, desired)
    fired = site.state.schedules.of_run(run.id)
    if fired is None:
        return next((graph for graph in planner.graphs(desired) if graph.pipeline == run.pipeline), None)
    schedule = next((each for each in desired.schedules if each.name == fired.schedule), None)
    return planner.fire(schedule, desired, fired.moment).graph if schedule else None
