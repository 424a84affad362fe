"""Plans of pipelines made real: a run started, or an earlier one restored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from reconciler.execution.late_record import LateRecord, note_end, tell_end
from reconciler.execution.origin import Origin
from reconciler.execution.pipeline_run import PipelineRun
from reconciler.execution.restored_aliases import restore_models
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects
from reconciler.model.errors import TrackingAwayError
from reconciler.model.plan import Actual, PipelinePlan
from reconciler.model.runs import Run, RunStatus, StepStatus
from reconciler.model.wiring import wiring_of

ENDED_BY_HAND = "ended by hand"


@dataclass(frozen=True, slots=True)
class Order:
    """Who asked for a run, and at which revision of what.

    Attributes:
        experiment_prefix: stands before the name of its experiment.
    """

    source: str
    revision: str
    trigger: str
    origin: Origin
    attempt: int = 1
    experiment_prefix: str = ""


def new_run(site: Site, plan: PipelinePlan, actual: Actual, objects: Objects, order: Order) -> PipelineRun:
    """A run that is recorded as running and only has to be carried out with `go`."""
    run = _started(site, plan, _run_of(site, plan, order, RunStatus.RUNNING))
    return PipelineRun(site, run, plan, actual, objects, order.origin)


def mending_run(
    site: Site, plan: PipelinePlan, actual: Actual, objects: Objects, order: Order, mended: Run, lost: Collection[str]
) -> PipelineRun:
    """A run that executes the lost steps of an earlier one of the same closure; all others count as done.

    It goes on under the root run of the earlier one in MLflow, as far as that is there.
    """
    positions = {step.name: position for position, step in enumerate(plan.graph.steps)}
    with site.state.database.transaction():
        wanted = replace(_run_of(site, plan, order, RunStatus.RUNNING), mlflow_run_id=mended.mlflow_run_id)
        run = _started(site, plan, wanted)
        site.state.runs.save_steps(
            (
                replace(
                    step,
                    run_id=run.id,
                    status=StepStatus.REUSED,
                    reused_from=step.reused_from or mended.id,
                    reasons=(f"is as in {mended.id}",),
                    handle="",
                ),
                positions[step.name],
            )
            for step in site.state.runs.steps(mended.id)
            if step.name in positions and step.name not in lost and step.status.is_good
        )
    return PipelineRun(site, run, plan, actual, objects, order.origin)


def restore(site: Site, plan: PipelinePlan, order: Order) -> Run:
    """Make an earlier run current again, its models' aliases put back; nothing is executed.

    Raises:
        TrackingAwayError: MLflow is away, or does not know all yet of runs of this pipeline.
        TrackingError: MLflow does not do it.
    """
    for run_id in site.state.waiting_records.of_source(order.source):
        waiting = site.state.runs.get(run_id)
        if waiting is not None and waiting.pipeline == plan.name:  # it is judged first, as it ended first
            raise TrackingAwayError(f"the record of {run_id} waits for it")
    earlier = site.state.runs.get(plan.restores)
    if earlier is None:
        raise KeyError(plan.restores)
    judgements = site.state.model_registry.judgements(earlier.id)
    restore_models(site, site.state.runs.models(earlier.id), judgements)
    with site.state.database.transaction():
        planned = replace(
            _run_of(site, plan, order, RunStatus.RESTORED),
            restored_from=earlier.id,
            mlflow_run_id=earlier.mlflow_run_id,
        )
        run = _started(site, plan, planned)
        steps = [
            replace(
                step, run_id=run.id, status=StepStatus.REUSED, reused_from=earlier.id, reasons=plan.reasons, handle=""
            )
            for step in site.state.runs.steps(earlier.id)
        ]
        positions = {step.name: position for position, step in enumerate(plan.graph.steps)}
        site.state.runs.save_steps((step, positions.get(step.name, 0)) for step in steps)
        site.state.runs.save_models(replace(model, run_id=run.id) for model in site.state.runs.models(earlier.id))
        site.state.model_registry.save_judgements(replace(judgement, run_id=run.id) for judgement in judgements)
        ended = replace(run, ended=site.clock())
        site.state.runs.update(ended)
    return ended


def abandon_all(site: Site, source: str) -> None:
    """End the runs of a source that nobody will take up; of those that are over MLflow is told so."""
    for run_id in site.state.waiting_records.of_source(source):
        over = site.state.runs.get(run_id)
        if over is not None:
            tell_end(site, over)
    for run in site.state.runs.running():
        if run.source == source:
            abandon(site, run, RunStatus.CANCELLED, "its process ended before the run")


def abandon(site: Site, run: Run, status: RunStatus, message: str) -> LateRecord:
    """End a run that a process left in the middle and that nobody will take up, with what still executes of it."""
    steps = site.state.runs.steps(run.id)
    for step in steps:
        if step.handle:
            site.engine.cancel(step.handle)
    with site.state.database.transaction():
        site.state.runs.save_steps(
            (replace(step, status=StepStatus.CANCELLED, reasons=("its process ended",), handle=""), position)
            for position, step in enumerate(steps)
            if not step.status.is_over
        )
        ended = replace(run, status=status, ended=site.clock(), error=message)
        note_end(site, ended)
    return tell_end(site, ended)  # which reads what is written


def _started(site: Site, plan: PipelinePlan, run: Run) -> Run:
    """Keep a new run with how its steps hang together."""
    with site.state.database.transaction():
        started = site.state.runs.start(run)
        site.state.wirings.save(started.id, wiring_of(plan.graph))
    return started


def _run_of(site: Site, plan: PipelinePlan, order: Order, status: RunStatus) -> Run:
    return Run(
        id="",
        pipeline=plan.name,
        source=order.source,
        revision=order.revision,
        closure=plan.graph.closure,
        status=status,
        trigger=order.trigger,
        started=site.clock(),
        experiment=f"{order.experiment_prefix}{plan.graph.experiment}",
        reasons=plan.reasons,
        attempt=order.attempt,
        lock=plan.graph.lock,
    )
