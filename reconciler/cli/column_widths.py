"""How wide the columns of a table may be, so that it fits a terminal."""

from __future__ import annotations

from collections.abc import Sequence

_WHOLE = 20  # so much of a cell is never broken while sentences can be: names, moments, figures
_READABLE = (12, 6)  # how narrow columns may get, the second where the first does not do


def fits_whole(columns: Sequence[Sequence[str]], room: int) -> bool:
    """Whether no name needs to be broken."""
    return sum(_unbroken(cells) for cells in columns) <= room


def fitted_widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """The widths of columns, from their cells with the header first, in all no more than `room` where that can be.

    What is widest gives way first: sentences down to their longest words, then everything.
    """
    widths = [min(max(room, 1), max(map(_longest_line, cells))) for cells in columns]
    _narrow(widths, [_unbroken(cells) for cells in columns], room)
    for narrowest in _READABLE:
        _narrow(widths, [min(width, narrowest) for width in widths], room)
    return widths


def _narrow(widths: list[int], floors: Sequence[int], room: int) -> None:
    while sum(widths) > room:
        column = max(range(len(widths)), key=lambda each: (widths[each] > floors[each], widths[each]))
        if widths[column] <= floors[column]:
            return
        widths[column] -= 1


def _unbroken(cells: Sequence[str]) -> int:
    return max(_longest_line(cell) if _longest_line(cell) <= _WHOLE else _longest_word(cell) for cell in cells)


def _longest_line(cell: str) -> int:
    return max(map(len, cell.split("\n")))


def _longest_word(cell: str) -> int:
    return max(map(len, cell.split()), default=0)
