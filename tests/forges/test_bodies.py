"""What of a comment fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forges.bodies import fitting, is_same

NOTE = "\n\n… cut here, as a comment holds no more than 200 characters."


def test_what_fits_is_left_as_it_is() -> None:
    assert fitting("a" * 200, 200) == "a" * 200


def test_the_rest_is_cut_after_a_line() -> None:
    cut = fitting("one\n" + "b" * 300, 200)
    assert cut == "one" + NOTE


def test_a_line_that_is_too_long_alone_is_cut_within() -> None:
    cut = fitting("b" * 300, 200)
    assert len(cut) == 200
    assert cut.endswith(NOTE)


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("```mermaid\na --> b", "\n```"),
        ("~~~~\n```", "\n~~~~"),
        ("<details><summary>a</summary>\n\nb", "\n\n</details>"),
        ("<details>\n<details>\n</details>", "\n\n</details>"),
        ("<details>\n\n```\n<details>", "\n```\n\n</details>"),
        ("```\na\n```", ""),
    ],
)
def test_what_was_opened_is_closed(opened: str, closed: str) -> None:
    assert fitting(f"{opened}\n{'x' * 300}", 200) == f"{opened}{closed}{NOTE}"


@given(st.text(st.sampled_from("ab\n`<>details/~ "), max_size=600), st.integers(100, 400))
def test_it_never_gets_longer_than_it_may(body: str, longest: int) -> None:
    assert len(fitting(body, longest)) <= max(longest, 0)


def test_line_ends_and_blanks_at_the_end_make_no_difference() -> None:
    assert is_same("a\r\nb\r\n", "a\nb")
    assert not is_same("a\nb", "a b")
