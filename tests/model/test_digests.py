"""Digests: equal values have equal ones, other values others, on every machine."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.digests import canonical, digest_of, short

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_a_digest_is_the_same_for_ever() -> None:
    """Were it another one, every result that was ever kept would be lost."""
    value = {"b": [1, 1.5, True, None], "a": "é"}
    assert canonical(value) == '{"a":"é","b":[1,1.5,true,null]}'
    assert digest_of(value) == "c2addd040009fe5cb149818b0e428b90bbb5fe4b142f0c72963b94a2e51da1f6"


@given(st.dictionaries(st.text(), VALUES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_keys_makes_no_difference(value: dict[str, object], shuffled: random.Random) -> None:
    keys = list(value)
    shuffled.shuffle(keys)
    assert digest_of({key: value[key] for key in keys}) == digest_of(value)


@given(VALUES, VALUES)
def test_values_are_told_apart(one: object, other: object) -> None:
    assert (digest_of(one) == digest_of(other)) == (repr(_in_order(one)) == repr(_in_order(other)))


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), (1, "1"), ([], {}), ("", None), (["a", "b"], ["ab"])])
def test_what_python_or_a_reader_may_confuse_is_told_apart(one: object, other: object) -> None:
    assert digest_of(one) != digest_of(other)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_json_has_no_word_for_has_no_digest(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest_of(value)


def test_what_is_no_value_has_no_digest() -> None:
    with pytest.raises(TypeError):
        digest_of({1, 2})


@pytest.mark.parametrize("prefix", ["", "sha256:", "git:"])
def test_a_digest_is_shown_by_its_first_twelve_characters(prefix: str) -> None:
    assert short(f"{prefix}0123456789abcdef") == "0123456789ab"


def _in_order(value: object) -> object:
    if isinstance(value, dict):
        return [(key, _in_order(value[key])) for key in sorted(value)] or "no keys"
    if isinstance(value, list):
        return [_in_order(each) for each in value]
    return value
