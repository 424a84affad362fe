"""Strictness: carelessness is a warning by default, and an error where the repository or a person wants that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.desired import Settings
from reconciler.model.problems import Code, Problem, Severity

CARELESSNESS = frozenset(
    {Code.UNKNOWN_PROPERTY, Code.ODD_NAME, Code.UNQUOTED_VERSION, Code.TYPE_MISMATCH, Code.DUPLICATE_NAME}
)
"""What its author can mend. What is only not done here, `unsupported-kind` and `no-effect`, is nobody's mistake."""


def judged(problems: Iterable[Problem], settings: Settings) -> tuple[Problem, ...]:
    """The problems as severe as the settings want them; judging them twice changes nothing."""
    if not settings.is_strict:
        return tuple(problems)
    return tuple(_promoted(problem) for problem in problems)


def _promoted(problem: Problem) -> Problem:
    if problem.is_error or problem.code not in CARELESSNESS:
        return problem
    return replace(problem, severity=Severity.ERROR)
