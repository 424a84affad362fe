"""Problems and errors as people read them: what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

from reconciler.model.errors import ReconcilerError, SourceError
from reconciler.model.problems import Code, Problem, Severity


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            Problem("a.yaml", Code.SYNTAX, "is broken", "mend it", line=3, column=7),
            "a.yaml:3:7: error: is broken – mend it",
        ),
        (Problem("a.yaml", Code.CYCLE, "is round", severity=Severity.WARNING), "a.yaml:0:0: warning: is round"),
    ],
)
def test_a_problem_is_one_line_that_editors_can_follow(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_only_errors_hold_a_revision_up() -> None:
    assert Problem("a.yaml", Code.SYNTAX, "").is_error
    assert not Problem("a.yaml", Code.SYNTAX, "", severity=Severity.WARNING).is_error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SourceError("cannot be read"), "cannot be read"),
        (SourceError("cannot be read", place="/srv/git"), "/srv/git: cannot be read"),
        (SourceError("cannot be read", hint="check the URL"), "cannot be read (check the URL)"),
        (SourceError("cannot be read", place="/srv/git", hint="check"), "/srv/git: cannot be read (check)"),
    ],
)
def test_an_error_says_what_is_wrong_where_and_what_to_do(error: ReconcilerError, text: str) -> None:
    assert str(error) == text


def test_codes_are_kebab_case() -> None:
    assert all(code.replace("-", "").isalpha() and code == code.lower() for code in Code)
