"""What the steps of a run come to in the end, and what each of them gave."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.execution.journal import Journal
from reconciler.execution.record import RunRecord
from reconciler.model.runs import NO_ROOM, NO_ROOM_SAID, Result, RunStatus, StepRun, StepStatus


def settle_unfinished(journal: Journal, record: RunRecord, reason: str) -> None:
    """What never started is skipped; a sweep that was stopped in the middle is cancelled."""
    for step in journal.all():
        if step.status.is_over:
            continue
        if step.status is StepStatus.RUNNING:
            journal.change(step.name, step.trial, status=StepStatus.CANCELLED, reasons=(reason,))
            if step.mlflow_run_id:
                record.finish(step.mlflow_run_id, StepStatus.CANCELLED)
        else:
            journal.change(step.name, step.trial, status=StepStatus.SKIPPED, reasons=(reason,))


def came_to(steps: Sequence[StepRun]) -> tuple[RunStatus, str]:
    """The status of a run whose steps ended like this, trials left out, and what is to be said about it."""
    failed = [step for step in steps if step.status is StepStatus.FAILED]
    if failed:
        why = NO_ROOM_SAID if any(step.failure == NO_ROOM for step in failed) else ""
        return RunStatus.FAILED, why + "; ".join(f"step {step.name}: {step.error}" for step in failed)
    left = [step.name for step in steps if not step.status.is_good]
    if left:
        return RunStatus.FAILED, f"not carried out: {', '.join(left)}"
    return RunStatus.SUCCEEDED, ""


def result_of(step: StepRun, known: Result | None) -> Result:
    """What a step gave; another run of a step that is not deterministic may have put its own in the place since."""
    if known is not None and known.outputs == step.outputs:
        return known
    return Result(step.fingerprint, step.definition, step.outputs, step.run_id, step.name, step.mlflow_run_id)
