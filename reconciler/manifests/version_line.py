"""Where a `version:` is written in a manifest that has none: after its name, in the layout of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from yaml import MappingNode, ScalarNode

from reconciler.manifests.yaml_edits import LINE_BREAK, Edit, end_of_line, line_break_of, start_of_line

Spellings = Callable[[str | None, bool], Iterable[str]]
"""The ways to write the version in the quotes of a neighbour, outside brackets or in them."""
_NEIGHBOURS = ("name", "type", "$schema")
_COLON = re.compile(r":[ \t]*")
_COMMA = re.compile(r"[ \t]*,")
_GAP_BEFORE = re.compile(rf"(?:{LINE_BREAK})?[ \t]*\Z")


def version_edits(text: str, root: MappingNode, spellings: Spellings) -> Iterator[list[Edit]]:
    """The edits to try, the preferred first; not every layout reads as it should after each of them."""
    pairs: list[tuple[ScalarNode, ScalarNode]] = root.value
    values = {key.value: (key, value) for key, value in pairs if isinstance(value, ScalarNode)}
    neighbours = [values[name] for name in _NEIGHBOURS if name in values]
    is_flow = bool(root.flow_style)
    for key, value in neighbours:
        quote = value.style if value.style in {"'", '"'} else None
        for spelling in spellings(quote, is_flow):
            if is_flow:
                yield _after_in_flow(text, root, key, value, spelling)
            else:
                yield _after_in_block(text, key, value, spelling)
    for spelling in spellings(None, is_flow):
        yield _first_in_flow(text, root, spelling) if is_flow else _first_in_block(text, root, spelling)


def _after_in_block(text: str, key: ScalarNode, value: ScalarNode, spelling: str) -> list[Edit]:
    end = value.end_mark.index
    if value.style in {"|", ">"}:
        end = len(text[:end].rstrip())
    line_end = end_of_line(text, max(end, key.end_mark.index))  # the value of an alias stands further up
    indent = text[start_of_line(text, key.start_mark.index) : key.start_mark.index]
    return [Edit(line_end, line_end, f"{line_break_of(text)}{indent}{_entry(text, key, None, spelling)}")]


def _first_in_block(text: str, root: MappingNode, spelling: str) -> list[Edit]:
    key, _ = root.value[0]
    start = start_of_line(text, key.start_mark.index)
    indent = text[start : key.start_mark.index]
    return [Edit(start, start, f"{indent}version: {spelling}{line_break_of(text)}")]


def _after_in_flow(text: str, root: MappingNode, key: ScalarNode, value: ScalarNode, spelling: str) -> list[Edit]:
    end = max(value.end_mark.index, key.end_mark.index)
    entry = _entry(text, key, value, spelling)
    comma = _COMMA.match(text, end)
    following = next((later for (earlier, _), (later, _) in pairwise(root.value) if earlier is key), None)
    limit = following.start_mark.index if following is not None else root.end_mark.index - 1
    line_end = end_of_line(text, comma.end() if comma else end)
    gap = _gap_before(text, key.start_mark.index)
    if line_end < limit and re.search(LINE_BREAK, gap):  # an entry a line; a comment stays behind its entry
        if comma:
            return [Edit(line_end, line_end, f"{gap}{entry},")]
        return [Edit(end, end, ","), Edit(line_end, line_end, f"{gap}{entry}")]
    if comma and following is not None:
        return [Edit(limit, limit, f"{entry},{_gap_before(text, limit)}")]
    return [Edit(end, end, f",{gap or ' '}{entry}")]


def _first_in_flow(text: str, root: MappingNode, spelling: str) -> list[Edit]:
    if not root.value:
        start = text.index("{", root.start_mark.index) + 1
        return [Edit(start, start, f"version: {spelling}")]
    key, value = root.value[0]
    start = key.start_mark.index
    return [Edit(start, start, f"{_entry(text, key, value, spelling)},{_gap_before(text, start) or ' '}")]


def _entry(text: str, key: ScalarNode, value: ScalarNode | None, spelling: str) -> str:
    """The version with its key, as a neighbour writes its own."""
    quote = key.style if key.style in {"'", '"'} else ""
    colon = _COLON.fullmatch(text, key.end_mark.index, value.start_mark.index) if value is not None else None
    between = colon[0] if colon and quote else ": "
    return f"{quote}version{quote}{between}{spelling}"


def _gap_before(text: str, position: int) -> str:
    """The blanks before a position, with the line break if a line starts with them."""
    found = _GAP_BEFORE.search(text, 0, position)
    return found[0] if found else ""
