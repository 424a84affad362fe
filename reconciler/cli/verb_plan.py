"""`plan`: what a work tree would change, or one commit against another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.contract import plan_json
from reconciler.cli.job_output import append_summary, no_commands
from reconciler.cli.output import Format, PlanFormat, print_data, say
from reconciler.cli.plan_text import show_plan
from reconciler.cli.show_problems import annotate, show_problems
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.plan import Plan
from reconciler.model.problems import Problem
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

if TYPE_CHECKING:
    from reconciler.review.change import ChangePlan

DONE, REFUSED, WORK_TO_DO = 0, 1, 3
_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class PlanWish:
    """What is asked of a plan.

    Attributes:
        base: what to compare with, None for a work tree as it stands against what is applied.
        is_stateless: plan from Git alone, whatever is known of runs.
        is_exit_code: tell by the exit status whether there is something to do.
    """

    form: PlanFormat = PlanFormat.TABLE
    base: str | None = None
    head: str | None = None
    is_stateless: bool = False
    is_exit_code: bool = False
    is_strict: bool = False


def plan(
    path: Path, folder: StateFolder, wish: PlanWish, data_roots: tuple[str, ...], configuration: Configuration
) -> int:
    """Show what would change; 1 where it is refused, 3 with `--exit-code` where there is work.

    Raises:
        UsageError: what is asked for takes a base.
    """
    if wish.base is not None:
        made = _of_change(path, folder, wish, wish.base, data_roots, configuration)
    elif wish.head is not None or wish.is_stateless or wish.form is PlanFormat.MARKDOWN:
        asked = "--head" if wish.head is not None else "--no-state" if wish.is_stateless else "-o markdown"
        raise UsageError(f"{asked} needs something to compare with", hint="name it: --base main")
    else:
        made = _of_work_tree(path, folder, wish, data_roots, configuration)
    if made.has_errors:
        return REFUSED
    return WORK_TO_DO if wish.is_exit_code and made.has_work else DONE


def _of_work_tree(
    path: Path, folder: StateFolder, wish: PlanWish, data_roots: tuple[str, ...], configuration: Configuration
) -> Plan:
    from reconciler.cli.outside_data import make_remote_data
    from reconciler.cli.pinned_images import pinned_images
    from reconciler.cli.work_tree import loaded_tree, plan_tree

    state = State(folder)
    try:
        images, remote_data = pinned_images(state, configuration), make_remote_data(state, configuration)
        with loaded_tree(path, state, data_roots, images, wish.is_strict, remote_data) as tree:
            made, _ = plan_tree(tree, state)
            if wish.form in (PlanFormat.JSON, PlanFormat.YAML):
                print_data(plan_json(made), Format(wish.form))
            else:
                _tell(made.problems, tree.content, wish.form)
                show_plan(made)
        return made
    finally:
        state.close()


def _tell(problems: Iterable[Problem], content: Callable[[str], bytes | None], form: PlanFormat) -> None:
    if form is PlanFormat.GITHUB:
        annotate(list(problems))
    else:
        show_problems(list(problems), content)


def _of_change(
    path: Path,
    folder: StateFolder,
    wish: PlanWish,
    base: str,
    data_roots: tuple[str, ...],
    configuration: Configuration,
) -> Plan:
    """Plan a commit against another one."""
    from reconciler.cli.planned_change import AskedChange, planned_change
    from reconciler.review.revisions import repository_at

    asked = AskedChange(base, wish.head or "HEAD", wish.is_stateless, wish.is_strict, data_roots)
    with planned_change(repository_at(path.resolve()), folder, asked, configuration) as (change, content):
        _show(change, wish.form, content)
    return change.plan


def _show(change: ChangePlan, form: PlanFormat, content: Callable[[str], bytes | None]) -> None:
    from reconciler.cli.change_text import show_change
    from reconciler.review.change_json import change_json
    from reconciler.review.plan_comment import plan_comment

    match form:
        case PlanFormat.JSON | PlanFormat.YAML:
            print_data(change_json(change, plan_json(change.plan)), Format(form))
        case PlanFormat.MARKDOWN:
            say(plan_comment(change).rstrip("\n"))
        case PlanFormat.GITHUB:
            annotate(change.plan.problems)
            with no_commands():
                show_change(change)
            summary = os.environ.get(_STEP_SUMMARY)
            if summary:
                append_summary(summary, plan_comment(change))
        case _:
            show_problems(change.plan.problems, content)
            show_change(change)
