"""The excerpt of a line: the caret stands under what is meant, and nothing reaches the terminal raw."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.excerpt import excerpt


@pytest.mark.parametrize(
    ("line", "column", "shown", "indent"),
    [
        ("seed: 1", 1, "seed: 1", 0),
        ("seed: 1", 7, "seed: 1", 6),
        ("seed: 1", 8, "seed: 1", 7),
        ("\tseed: 1", 2, "    seed: 1", 4),
        ("a:\tb", 4, "a:    b", 6),
        ("名前: x", 5, "名前: x", 6),
        ("e\u0301te: x", 6, "e\u0301te: x", 4),
        ("a: \x1b[31mred", 4, "a: \\x1b[31mred", 3),
        ("\x1b]0;t\x07b: 1", 7, "\\x1b]0;t\\x07b: 1", 12),
        ("\u202ereversed: 1", 2, "\\u202ereversed: 1", 6),
        ("a: \x9b1m", 1, "a: \\x9b1m", 0),
    ],
)
def test_the_caret_is_counted_in_cells(line: str, column: int, shown: str, indent: int) -> None:
    assert excerpt(line, column) == (shown, indent)


@pytest.mark.parametrize("column", [1, 40, 121, 500, 900, 1000, 1001])
def test_a_long_line_is_cut_around_the_column(column: int) -> None:
    line = "".join(chr(ord("a") + index % 26) for index in range(1000))
    shown, indent = excerpt(line, column)
    assert len(shown) <= 122
    assert column > 1000 or shown[indent] == line[column - 1]
    assert shown.startswith("…") == (column > 81)
    assert shown.endswith("…") == (column < 961)


@given(st.text(max_size=300), st.integers(1, 320))
def test_any_line_is_harmless_and_the_caret_near_it(line: str, column: int) -> None:
    shown, indent = excerpt(line, column)
    assert {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert 0 <= indent <= 10 * 121
