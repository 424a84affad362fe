"""Lengths of time as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("90s", 90.0), ("10m", 600.0), ("24h", 86_400.0), ("30d", 2_592_000.0), ("2w", 1_209_600.0)),
        *((60, 60.0), (0.5, 0.5), ("0", 0.0), ("1.5h", 5_400.0), ("500ms", 0.5), (" 5m ", 300.0)),
    ],
)
def test_it_is_counted_in_seconds(text: str | float, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 h", "1h30m", "ten", "1y", "nan", "1e9", "9" * 50, "٣s "])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(text)


@given(st.text())
def test_no_text_does_harm(text: str) -> None:
    try:
        assert parse_duration(text) >= 0
    except ValueError as error:
        assert "is not a length of time" in str(error)
