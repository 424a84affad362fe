"""JSON that every program can read."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.strict_json import strict_json

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
bodies = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def read(text: str) -> Any:
    """As a parser reads it that keeps to the standard."""
    return json.loads(text, parse_constant=refuse)


def finite(body: Any) -> Any:
    if isinstance(body, float):
        return body if math.isfinite(body) else None
    if isinstance(body, dict):
        return {key: finite(value) for key, value in body.items()}
    return [finite(each) for each in body] if isinstance(body, list) else body


@given(bodies, st.booleans())
def test_whatever_is_told_can_be_read_and_is_the_same_but_for_what_is_no_figure(body: Any, is_ascii: bool) -> None:
    assert read(strict_json(body, ensure_ascii=is_ascii)) == finite(body)
