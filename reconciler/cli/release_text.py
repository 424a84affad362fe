"""A release in words: the table of it, its JSON, and the message of its commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.cli.output import harmless, print_table, say
from reconciler.planning.releasing import ReleasePlan, Releasing

_LONGEST = 72  # of the first line of a commit's message, as git's own tools show it whole


def show_releasing(made: Releasing) -> None:
    """Print what is to be released, as a table, and what is to be said of it."""
    print_table(
        ("KIND", "NAME", "FROM", "TO", "BUMP", "TAG", "WHY"),
        [
            (
                plan.kind,
                plan.name,
                plan.old or "-",
                plan.new,
                "-" if plan.old is None else plan.required,
                plan.tag,
                "; ".join(plan.why),
            )
            for plan in made.plans
        ],
    )
    for plan in made.plans:
        if plan.is_written:
            _say(f"{plan.kind} {plan.name}: `version: {plan.new}` is written into {', '.join(_files(plan))}")
        if plan.note:
            _say(f"{plan.kind} {plan.name}: {plan.note}")
    for line in (*made.left_out, *made.unchanged):
        _say(line)


def releasing_json(made: Releasing) -> dict[str, Any]:
    return {
        "releases": [
            {
                "kind": plan.kind,
                "name": plan.name,
                "file": plan.file,
                "from": plan.old,
                "to": plan.new,
                "written": plan.is_written,
                "required": plan.required,
                "tag": plan.tag,
                "why": list(plan.why),
                "note": plan.note or None,
            }
            for plan in made.plans
        ],
        "unchanged": list(made.unchanged),
        "left_out": list(made.left_out),
    }


def commit_message(plans: Sequence[ReleasePlan]) -> str:
    """A first line that names as many releases as it has room for, and all of them below."""
    return f"Release {_first_line(plans)}\n\n" + "".join(f"- {_line(plan)}\n" for plan in plans)


def _first_line(plans: Sequence[ReleasePlan]) -> str:
    titles = [plan.title for plan in plans]
    for shown in range(len(titles), 1, -1):
        more = f" and {len(titles) - shown} more" if shown < len(titles) else ""
        line = ", ".join(titles[:shown]) + more
        if len(line) <= _LONGEST - len("Release "):
            return line
    return titles[0] + (f" and {len(titles) - 1} more" if len(titles) > 1 else "")


def _line(plan: ReleasePlan) -> str:
    since = f" ({plan.old} before)" if plan.old else " (the first)"
    return f"{plan.title}{since}"


def _files(plan: ReleasePlan) -> tuple[str, ...]:
    return plan.file, *plan.copies


def _say(line: str) -> None:
    say(harmless(line))
