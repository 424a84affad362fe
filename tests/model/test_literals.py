"""Literals are taken as the type that a port declares, as Azure ML takes them, or refused with a hint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.literals import coerce, literal_problem
from reconciler.model.manifests import LITERAL_TYPES, InputPort, Scalar

SCALARS = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=20))


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        ("string", "a", "a"),
        ("string", 0.2, "0.2"),
        ("string", True, "True"),
        ("boolean", False, False),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("integer", 3, 3),
        ("integer", 3.0, 3),
        ("integer", "-3", -3),
        ("integer", 9007199254740993, 9007199254740993),
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", "3.0", 3),
        ("integer", 10**400, 10**400),
        ("number", 10**400, 10**400),
        ("number", 1, 1),
        ("number", 0.5, 0.5),
        ("number", "1e-3", 0.001),
        ("any", "as it is", "as it is"),
        ("any", 3, 3),
    ],
)
def test_a_literal_becomes_what_the_port_declares(kind: str, given: Scalar, taken: Scalar) -> None:
    found = coerce(InputPort("x", kind), given)
    assert (type(found), found) == (type(taken), taken)
    assert literal_problem(InputPort("x", kind), given) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", "yes"),
        ("boolean", 1),
        ("integer", 1.5),
        ("integer", "many"),
        ("integer", True),
        ("integer", ""),
        ("integer", "inf"),
        ("integer", "1e400"),
        ("integer", "9" * 5000),
        ("integer", float("inf")),
        ("integer", float("nan")),
        ("number", "many"),
        ("number", False),
        ("number", float("nan")),
        ("number", "inf"),
        ("number", "1e400"),
    ],
)
def test_what_cannot_be_of_the_type_is_refused(kind: str, value: Scalar) -> None:
    assert literal_problem(InputPort("x", kind), value) == (
        f"`x` is declared as {kind}, {value!r} is none",
        f"write a value of type {kind}",
    )


@pytest.mark.parametrize(
    ("port", "value", "message", "hint"),
    [
        (InputPort("x", "string", enum=("a", "b")), "c", "`x` is 'c', which is not allowed", "allowed: a, b"),
        (InputPort("x", "integer", enum=(1, 2)), "3", "`x` is 3, which is not allowed", "allowed: 1, 2"),
        (InputPort("x", "number", minimum=0.5), 0.4, "`x` is 0.4, less than its minimum 0.5", "raise the value"),
        (InputPort("x", "integer", maximum=5), "6", "`x` is 6, more than its maximum 5", "lower the value"),
    ],
)
def test_limits_and_choices_are_checked_on_the_value_as_it_is_taken(
    port: InputPort, value: Scalar, message: str, hint: str
) -> None:
    assert literal_problem(port, value) == (message, hint)


@pytest.mark.parametrize("value", [0.5, 5, "5"])
def test_limits_are_inclusive(value: Scalar) -> None:
    assert literal_problem(InputPort("x", "number", minimum=0.5, maximum=5), value) is None


@given(st.sampled_from(LITERAL_TYPES), SCALARS)
def test_any_literal_is_taken_or_refused_and_taking_it_again_changes_nothing(kind: str, value: Scalar) -> None:
    port = InputPort("x", kind)
    if literal_problem(port, value) is None:
        once = coerce(port, value)
        assert coerce(port, once) == once
