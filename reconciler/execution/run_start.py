"""The start of a run: what is known of its steps, and which environments they certainly need."""

from __future__ import annotations

from reconciler.execution.journal import Journal
from reconciler.execution.launcher import Launcher
from reconciler.execution.site import Site
from reconciler.model.plan import PipelinePlan, StepAction
from reconciler.model.runs import StepRun, StepStatus
from reconciler.state.patience import Patience


def note_steps(site: Site, journal: Journal, run_id: str, plan: PipelinePlan, patience: Patience) -> None:
    """Write all steps that have not come to a good end, with what an earlier process began of them."""
    before = {step.name: step for step in journal.all() if not step.trial}
    planned = {step.name: step for step in plan.steps}
    for step in plan.graph.steps:
        known = before.get(step.name)
        if known is not None and known.status.is_good:
            continue
        journal.note(
            StepRun(
                run_id,
                step.name,
                kind=step.kind,
                definition=step.definition.digest,
                reasons=known.reasons if known else planned[step.name].reasons,
                fingerprint=known.fingerprint if known else "",
                handle=known.handle if known else "",
                mlflow_run_id=known.mlflow_run_id if known else "",
                started=known.started if known and known.status is StepStatus.RUNNING else None,
                attempt=known.attempt if known else 1,
            )
        )
    definitions = [step.definition for step in plan.graph.steps]
    patience(lambda: site.state.runs.save_definitions(definitions))
    journal.flush()


def prepare_environments(launcher: Launcher, journal: Journal, plan: PipelinePlan) -> None:
    """Start building what certainly will be needed, in the order in which it will."""
    for step, planned in zip(plan.graph.steps, plan.steps, strict=True):
        kept = journal.get(step.name)
        if planned.action is StepAction.RUN and not (kept and kept.status.is_good):
            launcher.prepare(step.environment)
