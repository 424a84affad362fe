"""Markdown of a limited length: blocks that are folded, and cut from the least important row on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

LIMIT: Final = 65_536  # what GitHub takes as a comment; counted in bytes, so that it holds however a forge counts
_FOR_NOTES: Final = 400
_FOR_NOTE: Final = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a block.

    Attributes:
        rank: of all rows, those of the highest are left out first; None for that of the block.
    """

    text: str
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """What is seen of a block while it is folded: as HTML, and as Markdown where a forge folds nothing."""

    html: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a comment. All its texts are Markdown already.

    Attributes:
        rank: of several blocks, those of the highest are left out first.
        called: what it holds, such as `graphs`, for where it is left out as a whole.
        head: what stands before the rows, with the heads of their columns.
        foot: what ends the rows, such as the fence of a graph.
        fold: what is seen of the block while it is folded, None for one that is not.
        is_whole: it is shown with all its rows or not at all.
    """

    rank: int
    called: str
    head: str = ""
    rows: Sequence[Row] = ()
    foot: str = ""
    fold: Fold | None = None
    is_whole: bool = False


@dataclass(slots=True)
class _Kept:
    """How much of a block is shown."""

    block: Block
    is_folding: bool
    rows: set[int] = field(default_factory=set)
    is_shown: bool = False

    def text(self) -> str:
        block = self.block
        shown = [row.text for index, row in enumerate(block.rows) if index in self.rows]
        parts = [block.head, *shown, block.foot]
        body = "\n".join(part for part in parts if part)
        left_out = len(block.rows) - len(shown)
        if left_out:
            body += f"\n\n… and {left_out} more."
        if block.fold is None:
            return body
        if not self.is_folding:
            return f"**{block.fold.markdown}**\n\n{body}"
        return f"<details><summary>{block.fold.html}</summary>\n\n{body}\n\n</details>"


def fitted(blocks: Iterable[Block], limit: int = LIMIT, is_folding: bool = True) -> str:
    """The blocks one below the other, in so many bytes at most; what had to be left out is counted in the last line.

    Args:
        is_folding: whether the forge folds, for which it has to let a little HTML through.
    """
    kept = [_Kept(block, is_folding) for block in blocks]
    whole = _joined(each for each in kept if _show_all(each))
    if _size(whole) <= limit:
        return whole
    for each in kept:
        each.is_shown, each.rows = False, set()
    left = limit - _FOR_NOTES
    for each, row in _by_importance(kept):
        cost = _cost(each, row)
        if cost > left:
            continue
        left -= cost
        each.is_shown = True
        each.rows.update(_rows_of(each.block, row))
    return _joined(each for each in kept if each.is_shown) + _note([each.block for each in kept if not each.is_shown])


def table(titles: Sequence[str]) -> str:
    """The head of a table."""
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"


def line(cells: Sequence[str]) -> str:
    """A row of a table; its cells are Markdown, and authors' words in them made by `cell`."""
    return f"| {' | '.join(cells)} |"


def _show_all(kept: _Kept) -> bool:
    kept.rows.update(range(len(kept.block.rows)))
    return True


def _by_importance(kept: Sequence[_Kept]) -> list[tuple[_Kept, int | None]]:
    """Blocks and their rows in the order in which they are to be kept; None stands for what is around the rows."""
    order: list[tuple[tuple[int, int, int], _Kept, int | None]] = []
    for place, each in enumerate(kept):
        block = each.block
        if block.is_whole or not block.rows:
            order.append(((block.rank, place, -1), each, None))
            continue
        for index, row in enumerate(block.rows):
            order.append(((block.rank if row.rank is None else row.rank, place, index), each, index))
    return [(each, index) for _, each, index in sorted(order, key=lambda item: item[0])]


def _cost(kept: _Kept, row: int | None) -> int:
    block = kept.block
    rows = sum(_size(block.rows[index].text) + 1 for index in _rows_of(block, row))
    if kept.is_shown:
        return rows
    fold = 0 if block.fold is None else max(_size(block.fold.html), _size(block.fold.markdown))
    around = _size(block.head) + _size(block.foot) + fold
    return rows + around + len("<details><summary></summary>\n\n\n\n</details>") + _FOR_NOTE


def _rows_of(block: Block, row: int | None) -> Iterable[int]:
    return range(len(block.rows)) if row is None else (row,)


def _joined(kept: Iterable[_Kept]) -> str:
    return "\n\n".join(each.text() for each in kept) + "\n"


def _note(left_out: Sequence[Block]) -> str:
    if not left_out:
        return ""
    counts: dict[str, int] = {}
    for block in left_out:
        counts[block.called] = counts.get(block.called, 0) + 1
    told = ", ".join(f"{called} ({count})" if count > 1 else called for called, count in counts.items())
    return f"\nLeft out, as a comment holds no more: {told}.\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
