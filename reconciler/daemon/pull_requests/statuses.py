"""How commits of pull requests do, as statuses at the forge."""

from __future__ import annotations

from reconciler.daemon.pull_requests.figures import RunFigures
from reconciler.daemon.pull_requests.wording import Links
from reconciler.forges.base import CommitState, CommitStatus
from reconciler.model.runs import RunStatus
from reconciler.review.comparison_markdown import number_said
from reconciler.review.escape import shown

_LONGEST_TEXT = 140
_SHOWN = 3
_STATES = {
    RunStatus.RUNNING: CommitState.PENDING,
    RunStatus.SUCCEEDED: CommitState.SUCCESS,
    RunStatus.RESTORED: CommitState.SUCCESS,
    RunStatus.FAILED: CommitState.FAILURE,
    RunStatus.CANCELLED: CommitState.CANCELLED,
}


def status_of(commit: str, figures: RunFigures, links: Links) -> CommitStatus:
    """How a run of a commit does; that a gate is not passed is told, and is no failure."""
    name, run = f"reconciler/{figures.pipeline}", figures.run
    text = shown(_text(figures), _LONGEST_TEXT)
    return CommitStatus(commit, name, _STATES[run.status], text, links.of(run.mlflow_run_id))


def _text(figures: RunFigures) -> str:
    run = figures.run
    if run.status is RunStatus.RUNNING:
        return f"{run.id} runs"
    if not run.status.is_good:
        return f"{run.id} {run.status}: {run.error.partition(chr(10))[0]}"
    known = [each for each in figures.metrics if each.second is not None]
    told = [f"{each.name} {number_said(each.second)}" for each in known[:_SHOWN] if each.second is not None]
    verdict = figures.verdict
    if verdict is not None:
        told.insert(0, "passes its gate" if verdict.is_passed else "does not pass its gate")
    return f"{run.id} {run.status}{': ' if told else ''}{', '.join(told)}"
