"""Bodies of comments: what they are known by, and what of them fits."""

from __future__ import annotations

import re

_MARKER = re.compile(r"[a-z0-9][a-z0-9/-]*")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_NOTE = "\n\n… cut here, as a comment holds no more than {longest:,} characters."


def marked(marker: str) -> str:
    """A marker as a line that is not shown.

    Raises:
        ValueError: it could be read as more than a marker.
    """
    if not _MARKER.fullmatch(marker) or "--" in marker:
        raise ValueError(f"`{marker}` is no marker")
    return f"<!-- reconciler:{marker} -->"


def fitting(body: str, longest: int) -> str:
    """A body of so many characters at most: cut after a line, with what was opened closed, and a word about that."""
    if len(body) <= longest:
        return body
    note = _NOTE.format(longest=longest)
    kept = body[: longest - len(note)]
    while "\n" in kept:
        kept = kept[: kept.rfind("\n")]
        closed = kept + _closing(kept) + note
        if len(closed) <= longest:
            return closed
    return body[: longest - len(note)] + note


def is_same(body: str, other: str) -> bool:
    """Whether a forge, which may turn line ends and drop blanks at the end, would show the same."""
    return body.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def _closing(text: str) -> str:
    """What closes the block of code and the folded parts that a text leaves open."""
    fence, folded = "", 0
    for line in text.splitlines():
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
        elif found:
            fence = found[1]
        else:
            folded += line.count("<details") - line.count("</details>")
    return (f"\n{fence}" if fence else "") + "\n\n</details>" * max(folded, 0)
