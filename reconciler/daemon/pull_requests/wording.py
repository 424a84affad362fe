"""What is told of runs in a pull request, as blocks of its comment; words of authors stand in code alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from reconciler.daemon.pull_requests.figures import RunFigures
from reconciler.forges.base import PullRequest
from reconciler.model.plan import PipelineAction
from reconciler.model.previews import Preview
from reconciler.model.pull_requests import PreviewRules, ToldPullRequest
from reconciler.model.runs import Judgement, RunStatus
from reconciler.planning.comparison import Compared
from reconciler.review.change import ChangePlan
from reconciler.review.comparison_markdown import difference_said, number_said
from reconciler.review.escape import cell, code
from reconciler.review.markdown import Block, Row, line, table
from reconciler.review.wording import counted, length

_TITLE, _FIGURES, _LAST = 0, 3, 20  # below errors and pipelines to run, above all that explains them
_NOTHING = "–"
_STATUSES = {
    RunStatus.RUNNING: "runs",
    RunStatus.SUCCEEDED: "**succeeded**",
    RunStatus.FAILED: "**failed**",
    RunStatus.CANCELLED: "was cancelled",
    RunStatus.RESTORED: "**restored**",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where runs are told of in full.

    Attributes:
        tracking: the address of MLflow's pages, "" where no browser can reach them.
    """

    tracking: str = ""

    def of(self, run_id: str) -> str:
        """A run with its metrics and plots; "" where it cannot be reached."""
        return f"{self.tracking}/#/runs/{quote(run_id, safe='')}" if self.tracking and run_id else ""


def invitation(pull: PullRequest, change: ChangePlan, rules: PreviewRules) -> list[Block]:
    """How to have a pull request run that nobody asked for yet; nothing where that would be refused, or run nothing."""
    is_idle = all(each.action is not PipelineAction.RUN for each in change.plan.pipelines) or change.plan.has_errors
    if is_idle or pull.is_from_fork or rules.allowed == ():
        return []
    who = "whoever may push can" if rules.allowed is None else "whoever is allowed to can"
    return [Block(_LAST, "how to run it", f"To see what it trains before the merge, {who} comment `/reconciler run`.")]


def preview_blocks(
    told: ToldPullRequest, preview: Preview | None, figures: Iterable[RunFigures], links: Links
) -> list[Block]:
    """What is told of a pull request's preview; nothing where nobody ever asked for one."""
    head = []
    if told.note:
        head.append(f"**Refused**: {code(told.note)}" if told.is_refused else f"Asked for last: {code(told.note)}")
    if preview is not None:
        asked = f"{code(preview.revision)}, asked for by {code(preview.by)}"
        head.append(f"{asked}. Nothing of it counts before the merge.")
    if not head:
        return []
    titled = Block(_TITLE, "preview", "\n\n".join(("### Preview", *head)))
    return [titled, *(_run_block(each, "base", "this change", links) for each in figures)]


def merged_blocks(revision: str, figures: Iterable[RunFigures], links: Links) -> list[Block]:
    """What a merge had run."""
    told = list(figures)
    head = f"### Merged: {counted(len(told), 'run') if told else 'nothing had to run'}\n\n{code(revision)}"
    return [Block(_TITLE, "title", head), *(_run_block(each, "before", "now", links) for each in told)]


def _run_block(figures: RunFigures, before: str, now: str, links: Links) -> Block:
    head = "\n\n".join(_run_lines(figures, links))
    rows = [Row(_row(each), _FIGURES) for each in figures.metrics]
    if rows:
        head += f"\n\n{table(('metric', 'step', before, now, 'difference'))}"
    return Block(_TITLE, "figures", head, rows, "".join(f"\n{each}\n" for each in _verdicts(figures)))


def _run_lines(figures: RunFigures, links: Links) -> Iterator[str]:
    run = figures.run
    took = f" in {length(run.ended - run.started)}" if run.ended is not None and run.restored_from == "" else ""
    url = links.of(run.mlflow_run_id)
    told = [
        f"#### {code(figures.pipeline)} {_STATUSES[run.status]}{took if run.status.is_good else ''}",
        f"{counted(figures.executed, 'step')} ran, {figures.reused} reused",
    ]
    yield ": ".join(told) if figures.executed or figures.reused else told[0]
    yield f"{code(run.id)}{f' · [metrics and plots in MLflow]({url})' if url else ''}"
    if run.restored_from:
        yield f"as {code(run.restored_from)} left it; nothing ran"
    if run.error and not run.status.is_good:
        yield code(run.error.partition("\n")[0])
    if figures.metrics:
        yield f"compared with {code(figures.base.id)}" if figures.base else "there is no run to compare it with"


def _row(compared: Compared) -> str:
    values = (_NOTHING if each is None else cell(number_said(each)) for each in (compared.first, compared.second))
    return line((cell(compared.name), cell(compared.step), *values, difference_said(compared)))


def _verdicts(figures: RunFigures) -> Iterator[str]:
    if figures.verdict is not None:
        said = "**passes**" if figures.verdict.is_passed else "**does not pass**"
        yield f"Gate: {said}, {code(figures.verdict.why)}"
    for each in figures.judgements:
        yield _judgement(each)


def _judgement(judgement: Judgement) -> str:
    said = "is **promoted**" if judgement.is_promoted else "is **not promoted**"
    version = code(f"{judgement.name} {judgement.semver or judgement.version}")
    return f"{version} {said}, {code(judgement.why)}"
