"""Blocks within a limit: the most important rows stay, what is left out is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.review.markdown import Block, Fold, Row, fitted

_ROWS = st.lists(st.builds(Row, st.text("abcé", max_size=40), st.integers(0, 3) | st.none()), max_size=30)
_BLOCKS = st.builds(
    Block,
    st.integers(0, 5),
    st.sampled_from(["graphs", "steps"]),
    head=st.text("abc\n", max_size=200),
    rows=_ROWS,
    foot=st.sampled_from(["", "```"]),
    fold=st.sampled_from([None, Fold("<code>x</code>", "`x`")]),
)


@given(st.lists(_BLOCKS, max_size=12), st.integers(600, 3000), st.booleans())
def test_no_text_is_longer_than_allowed(blocks: list[Block], limit: int, is_folding: bool) -> None:
    written = fitted(blocks, limit, is_folding)
    assert len(written.encode()) <= limit
    assert written.count("<details>") == written.count("</details>")


def test_where_all_fits_all_is_there_in_its_order() -> None:
    blocks = [Block(5, "a", "first", [Row("one"), Row("two")]), Block(1, "b", "second", fold=Fold("s", "t"))]
    assert fitted(blocks) == "first\none\ntwo\n\n<details><summary>s</summary>\n\nsecond\n\n</details>\n"
    assert fitted(blocks, is_folding=False) == "first\none\ntwo\n\n**t**\n\nsecond\n"


def test_rows_of_the_lowest_rank_stay() -> None:
    rows = [Row(f"{number:03} " + "x" * 50, number % 2) for number in range(40)]
    written = fitted([Block(0, "steps", "head", rows)], 1500)
    kept = [int(line[:3]) for line in written.splitlines() if line[:3].isdigit()]
    assert kept == sorted(kept)
    assert {number % 2 for number in kept} == {0}
    assert f"… and {40 - len(kept)} more." in written


def test_blocks_that_do_not_fit_are_counted_by_what_they_hold() -> None:
    long = "x" * 300
    blocks = [Block(0, "title", "title"), *(Block(9, "graphs", long) for _ in range(5)), Block(8, "notes", "y" * 900)]
    written = fitted(blocks, 800)
    assert written == "title\n\nLeft out, as a comment holds no more: graphs (5), notes.\n"
