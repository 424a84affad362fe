"""Strictness: what becomes an error, and what stays a warning."""

from __future__ import annotations

import pytest

from reconciler.model.desired import Settings
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.strictness import judged

STRICT = Settings(is_strict=True)


def _problem(code: Code, severity: Severity = Severity.WARNING) -> Problem:
    return Problem("a.yaml", code, "something", severity=severity)


@pytest.mark.parametrize(
    "code",
    [Code.UNKNOWN_PROPERTY, Code.ODD_NAME, Code.UNQUOTED_VERSION, Code.TYPE_MISMATCH, Code.DUPLICATE_NAME],
)
def test_carelessness_is_an_error_where_that_is_wanted(code: Code) -> None:
    careless = _problem(code)
    assert judged([careless], STRICT) == (_problem(code, Severity.ERROR),)
    assert judged([careless], Settings()) == (careless,)


@pytest.mark.parametrize("code", [Code.UNSUPPORTED_KIND, Code.NO_EFFECT, Code.VERSION_BUMP, Code.UNREACHABLE_DATA])
def test_what_is_no_carelessness_stays_a_warning(code: Code) -> None:
    assert judged([_problem(code)], STRICT) == (_problem(code),)


@pytest.mark.parametrize("code", list(Code))
def test_an_error_stays_one_and_judging_twice_changes_nothing(code: Code) -> None:
    error = _problem(code, Severity.ERROR)
    assert judged([error], STRICT) == judged([error], Settings()) == (error,)
    once = judged([_problem(code)], STRICT)
    assert judged(once, STRICT) == once
