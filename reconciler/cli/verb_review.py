"""`review`: what a pull request would train, told in the pull request."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.cli.job_output import append_summary, no_commands
from reconciler.cli.output import complain, say
from reconciler.cli.planned_change import AskedChange, planned_change
from reconciler.cli.show_problems import annotate, show_problems
from reconciler.forges.base import Forge, PullRequest, PullRequestState
from reconciler.forges.choice import forge_for
from reconciler.forges.detection import Job, Options, detect, read_event
from reconciler.forges.errors import TokenRefusedError
from reconciler.forges.settings import ForgeKind
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.problems import Problem
from reconciler.review.posting import Part, Posted, Review, post, review_of
from reconciler.review.reviewed_commits import reviewed_commits
from reconciler.review.revisions import repository_at
from reconciler.state.folder import StateFolder

DONE, REFUSED = 0, 1
_NOT_DONE = {
    Part.COMMENT: "no comment is written",
    Part.STATUS: "no status is set",
    Part.PROBLEMS: "problems are not shown beside their lines",
}


@dataclass(frozen=True, slots=True)
class ReviewWish:
    """What is asked of a review.

    Attributes:
        base: instead of the branch that the pull request is for.
        head: instead of what is checked out.
        is_stateless: plan from Git alone, whatever is known of runs.
        is_dry_run: print what would be posted.
    """

    forge: Options
    base: str | None = None
    head: str | None = None
    is_stateless: bool = False
    is_strict: bool = False
    has_comment: bool = True
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An exit status, and the problems that the forge could not be made to show beside their lines."""

    code: int
    unshown: tuple[Problem, ...] = ()


def review(
    path: Path, folder: StateFolder, wish: ReviewWish, data_roots: tuple[str, ...], configuration: Configuration
) -> int:
    """Post what a pull request would train; 1 where it is refused, or where nothing can be posted.

    Raises:
        ReconcilerError: it cannot be planned, or the forge does not tell of it.
    """
    event = read_event(os.environ) if wish.forge.pull_request is None else {}
    job = detect(os.environ, wish.forge, event)
    is_workflow = os.environ.get("GITHUB_ACTIONS") == "true"
    with no_commands() if is_workflow else nullcontext():
        outcome = _review(path, folder, wish, data_roots, configuration, job)
    if is_workflow and job.settings.kind is ForgeKind.GITHUB:
        annotate(outcome.unshown)
    return outcome.code


def _review(
    path: Path,
    folder: StateFolder,
    wish: ReviewWish,
    data_roots: tuple[str, ...],
    configuration: Configuration,
    job: Job,
) -> _Outcome:
    forge = forge_for(job.settings)
    pull = forge.pull_request(job.number())
    if pull.state is not PullRequestState.OPEN:
        say(f"pull request {pull.number} is {pull.state}: nothing is posted")
        return _Outcome(DONE)
    git = repository_at(path.resolve())
    commits = reviewed_commits(git, pull, wish.base, wish.head)
    if commits is None:
        return _moved_on(pull)
    asked = AskedChange(commits.base, commits.head, wish.is_stateless, wish.is_strict, data_roots)
    with planned_change(git, folder, asked, configuration) as (planned, content):
        change = replace(planned, plan=replace(planned.plan, revision=commits.told))
        made = review_of(change, pull, forge, wish.has_comment)
        show_problems(made.problems, content)
    code = REFUSED if change.plan.has_errors else DONE
    if wish.is_dry_run:
        _show(made)
        return _Outcome(code)
    now = forge.pull_request(pull.number)
    if now.head_commit != pull.head_commit:
        return _moved_on(now)
    return _posted(forge, job, pull, made, code)


def _moved_on(pull: PullRequest) -> _Outcome:
    """The newer commit has a job of its own, and what it tells must not be overwritten."""
    at = f"pull request {pull.number} is at {pull.head_commit[:12]} by now, and that is not what is checked out here"
    say(f"nothing is posted: {at}; the job of that commit tells of it")
    return _Outcome(DONE)


def _show(made: Review) -> None:
    say(f"status {made.status.name} of {made.status.commit}: {made.status.state}, {made.status.text}")
    if made.body is not None:
        say(f"\n{made.body.rstrip()}")


def _posted(forge: Forge, job: Job, pull: PullRequest, made: Review, code: int) -> _Outcome:
    """Post a review, and tell in the job what the forge does not take."""
    posted = post(forge, made)
    for told in posted.done:
        say(f"posted {told}")
    _warn(pull, posted)
    is_told = bool(posted.done)
    if Part.COMMENT in posted.refused:
        is_told = _in_job(job, made) or is_told
    if not (is_told or pull.is_from_fork):
        complain("error: nothing could be posted")
        code = REFUSED
    return _Outcome(code, made.problems if Part.PROBLEMS in posted.refused else ())


def _warn(pull: PullRequest, posted: Posted) -> None:
    """Say what the forge refused; that jobs of forks may not write is as it has to be."""
    errors = posted.refused
    if errors and pull.is_from_fork and all(isinstance(each, TokenRefusedError) for each in errors.values()):
        what = ", ".join(_NOT_DONE[part] for part in errors)
        complain(f"warning: the token of a job of a fork's pull request may not write: {what}")
        return
    for part, error in errors.items():
        complain(f"warning: {_NOT_DONE[part]}: {error.message}")
        if error.hint:
            complain(f"hint: {error.hint}")


def _in_job(job: Job, made: Review) -> bool:
    """Tell the plan in the job, as there is no comment: in its summary where it has one, else in its log."""
    body = made.body or ""
    if job.summary_file:
        try:
            append_summary(job.summary_file, body)
        except UsageError as error:
            complain(f"warning: {error}")
        else:
            say("the plan is in the summary of the job")
            return True
    say(f"\n{body.rstrip()}")
    return False
