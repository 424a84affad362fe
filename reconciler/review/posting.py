"""What a forge is told of a change: one comment, a status of the commit, problems beside their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.forges.base import CommitState, CommitStatus, Forge, PullRequest
from reconciler.forges.errors import ForgeError
from reconciler.model.plan import EnvironmentAction, PipelineAction, StepAction
from reconciler.model.problems import Problem
from reconciler.review.change import ChangePlan
from reconciler.review.escape import shown
from reconciler.review.markdown import LIMIT, Block
from reconciler.review.plan_comment import plan_comment
from reconciler.review.wording import counted

MARKER = "plan"  # the same whoever reviews, so that there is one comment
STATUS, PROBLEMS = "reconciler/plan", "reconciler/manifests"
_FOR_MARKER = 136
_LONGEST_TEXT = 140


class Part(StrEnum):
    COMMENT = "comment"
    STATUS = "status"
    PROBLEMS = "problems"


@dataclass(frozen=True, slots=True)
class Review:
    """All that is to be told of a pull request.

    Attributes:
        body: of the comment, None for no comment.
    """

    number: int
    body: str | None
    status: CommitStatus
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of it.

    Attributes:
        done: what went through, in a few words each.
        refused: what did not, and why.
    """

    done: tuple[str, ...]
    refused: Mapping[Part, ForgeError]


def review_of(
    change: ChangePlan, pull: PullRequest, forge: Forge, has_comment: bool = True, more: Sequence[Block] = ()
) -> Review:
    """What to tell, as this forge shows it.

    Args:
        more: see `plan_comment`.
    """
    limit = min(forge.longest_body, LIMIT) - _FOR_MARKER
    state = CommitState.FAILURE if change.plan.has_errors else CommitState.SUCCESS
    return Review(
        pull.number,
        plan_comment(change, limit, forge.is_folding, more) if has_comment else None,
        CommitStatus(pull.head_commit, STATUS, state, status_text(change)),
        change.plan.problems,
    )


def post(forge: Forge, review: Review) -> Posted:
    """Tell all of it; what the forge refuses is left out, and the rest told all the same."""
    done: list[str] = []
    refused: dict[Part, ForgeError] = {}
    for part, tell in ((Part.COMMENT, _comment), (Part.STATUS, _status), (Part.PROBLEMS, _problems)):
        try:
            told = tell(forge, review)
        except ForgeError as error:
            if part is not Part.PROBLEMS or review.problems:
                refused[part] = error
        else:
            done += [told] if told else []
    return Posted(tuple(done), refused)


def status_text(change: ChangePlan) -> str:
    """What a change comes to, in a line of plain text."""
    made = change.plan
    errors = [problem for problem in made.problems if problem.is_error]
    if errors:
        first = errors[0]
        return shown(f"{counted(len(errors), 'error')}: {first.file}:{first.line}: {first.message}", _LONGEST_TEXT)
    runs = [each for each in made.pipelines if each.action is PipelineAction.RUN]
    restored = sum(each.action is PipelineAction.RESTORE for each in made.pipelines)
    builds = sum(each.action is EnvironmentAction.BUILD for each in made.environments)
    reused = sum(step.action is StepAction.REUSE for each in runs for step in each.steps)
    told = [
        f"runs {counted(len(runs), 'pipeline')}" if runs else "",
        f"restores {counted(restored, 'pipeline')}" if restored else "",
        f"builds {counted(builds, 'environment')}" if builds else "",
        f"{counted(reused, 'step')} reused" if reused else "",
        counted(len(made.problems), "warning") if made.problems else "",
    ]
    return ", ".join(filter(None, told)) or "nothing to do"


def _comment(forge: Forge, review: Review) -> str:
    if review.body is None:
        return ""
    forge.upsert_comment(review.number, MARKER, review.body)
    return f"the comment on pull request {review.number}"


def _status(forge: Forge, review: Review) -> str:
    forge.set_status(review.status)
    return f"the status {review.status.name}: {review.status.state}, {review.status.text}"


def _problems(forge: Forge, review: Review) -> str:
    """Also where there are none, so that those of an earlier look do not stay."""
    count = forge.annotate(review.status.commit, PROBLEMS, review.status.text, review.problems)
    return f"{counted(count, 'problem')} beside their lines" if count else ""
