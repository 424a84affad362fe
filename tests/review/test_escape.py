"""Whatever authors write is shown as it is written, and means nothing to a forge."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.review.escape import LONGEST, cell, code, html_code, label, shown
from reconciler.review.markdown import line, table

_RENDERER = MarkdownIt("commonmark").enable("table")
_NASTY = (
    "@maintainer please merge",
    "fixes #12, org/repo#1, GH-7 and 0123456789abcdef0123456789abcdef01234567",
    "[click](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "https://evil.example www.evil.example mail@evil.example",
    "a | b || c \\| d \\\\| e \\",
    "`code` ``more`` ``` and `",
    "`",
    "\\`",
    "one\ntwo\r\n\r\n# three\n---\n| a |\n|---|",
    "\u202egnirts\u2066 \u200b\ufeff\x1b[31m\x00",
    "</summary></details></code>",
    "&lt;b&gt; &#64;all &copy;",
    "~~gone~~ **loud** _soft_ :tada: $x$ $`x`$",
    '```mermaid\nclick a href "https://evil.example"\n```',
    '"]:::x; click s0 "https://evil.example"; %%{init: {}}%% <b>',
    "\ud800",
)
_TABLE = {
    *(f"{part}_{end}" for part in ("table", "thead", "tbody", "tr") for end in ("open", "close")),
    *("td_close", "th_close", "paragraph_close"),
}
_TEXTS = st.text(max_size=60) | st.sampled_from(_NASTY) | st.text("`|\\ <>@#[]()!*_~:\n", max_size=30)


def _flat(markdown: str) -> list[Token]:
    tokens: list[Token] = []
    for token in _RENDERER.parse(markdown.encode(errors="replace").decode()):
        tokens += [token, *(token.children or ())]
    return tokens


def _only_code(markdown: str) -> str:
    """The content of the one code span that a text consists of."""
    tokens = _flat(markdown)
    (span,) = [token for token in tokens if token.type == "code_inline"]
    others = {token.type for token in tokens} - {"paragraph_open", "paragraph_close", "inline", "code_inline"}
    assert not others
    return span.content


@given(_TEXTS)
@example("` x `")
def test_a_text_stands_in_one_code_span_and_reads_as_it_was_written(text: str) -> None:
    if shown(text):
        assert _only_code(code(text)) == shown(text)
    else:
        assert code(text) == "–"


@given(st.lists(_TEXTS, min_size=2, max_size=5))
def test_cells_keep_their_places_in_a_table(texts: list[str]) -> None:
    markdown = f"{table([str(number) for number in range(len(texts))])}\n{line([cell(text) for text in texts])}\n\nend"
    tokens = _flat(markdown)
    assert sum(token.type == "td_open" for token in tokens) == len(texts)
    assert not {"link_open", "image", "html_inline", "html_block", "em_open", "strong_open"} & {
        each.type for each in tokens
    }
    spans = [token.content for token in tokens if token.type == "code_inline"]
    assert [span.replace("\u2216", "\\") for span in spans] == [shown(text) for text in texts if shown(text)]


@given(_TEXTS)
def test_html_holds_no_tag_but_our_own_and_reads_as_it_was_written(text: str) -> None:
    written = html_code(text)
    if not shown(text):
        return
    inner = written.removeprefix("<code>").removesuffix("</code>")
    assert not re.search(r"[<>\"'@]|&(?!#\d+;)", inner)
    assert html.unescape(inner) == shown(text)
    assert "\n" not in written


@given(_TEXTS)
def test_a_label_is_letters_digits_and_entities(text: str) -> None:
    written = label(text)
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|#\d+;)*", written)
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), written) == shown(text, 60)


@given(st.text())
def test_nothing_that_is_shown_turns_the_direction_or_moves_the_cursor(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", shown(text))
    assert len(shown(text)) <= LONGEST


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_nothing_is_a_dash(text: str) -> None:
    assert code(text) == cell(text) == html_code(text) == "–"


def test_what_is_too_long_ends_in_dots() -> None:
    assert shown("a" * 10_000) == "a" * (LONGEST - 1) + "…"
