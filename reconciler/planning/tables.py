"""The columns of tabular files with their types, from the beginning of a file; None for what is no table."""

from __future__ import annotations

import codecs
import csv
import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

Columns = Mapping[str, str]

_DELIMITED = (".csv", ".tsv", ".tab")
_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
_DELIMITERS = ",\t;|"
_LOOKED_AT = 50  # rows that tell the delimiter
_LONGEST_NAME = 200
_LONGEST_VALUE = 100  # that is no text
_MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none"))
_TYPES = re.compile(
    r"(?P<integer>[+-]?\d+)"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?)"
    r"|(?P<boolean>true|false)"
    r"|(?P<datetime>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d\d:?(?:\d\d)?)?)?)",
    re.ASCII | re.IGNORECASE,
)
_SCALARS = frozenset(("integer", "number", "boolean", "datetime", "string"))
_POINTER = b"version https://git-lfs."  # what Git holds in place of a file that lies elsewhere


def is_table(name: str) -> bool:
    """Whether a file is one of tabular data, by its name."""
    return _ending(name) in (*_DELIMITED, *_LINES, *_PARQUET)


def is_read_whole(name: str) -> bool:
    """Whether its beginning does not do; Parquet says at its end what it holds."""
    return _ending(name) in _PARQUET


def columns_of(name: str, content: bytes, is_cut: bool) -> Columns | None:
    """The columns of a file.

    Args:
        is_cut: the content is only its beginning.
    """
    if content.startswith(_POINTER):
        return None
    ending = _ending(name)
    if ending in _PARQUET:
        return None if is_cut else _of_parquet(content)
    text = _text(content, is_cut)
    if text is None:
        return None
    return _of_lines(text, is_cut) if ending in _LINES else _of_delimited(text, is_cut)


def of_one_table(tables: Sequence[Columns | None]) -> Columns | None:
    """The columns of files that are one table; None where their headers differ."""
    known = [table for table in tables if table is not None]
    if not known or len(known) < len(tables) or any(table.keys() != known[0].keys() for table in known):
        return None
    return {name: _common({table[name] for table in known}) for name in known[0]}


def _ending(name: str) -> str:
    return posixpath.splitext(name)[1].lower()


def _text(content: bytes, is_cut: bool) -> str | None:
    """The content as text with line feeds, None for what is none; a character may be cut off at its end."""
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if is_wide else "utf-8-sig")()
    try:
        text = decoder.decode(content, final=not is_cut)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")


def _of_delimited(text: str, is_cut: bool) -> Columns | None:
    lines = [f"{line}\n" for line in text.split("\n") if line.strip()]
    rows = _rows(lines, _delimiter(lines[:_LOOKED_AT]))
    header = _header(rows[0]) if len(rows) > is_cut else None
    if header is None:
        return None
    body = rows[1:-1] if is_cut else rows[1:]  # the last row may be half of one
    fitting = [row for row in body if len(row) == len(header)]
    if 2 * len(fitting) < len(body):
        return None
    return {
        name: _common({_type_of(cell) for cell in set(cells)})
        for name, cells in zip(header, zip(*fitting, strict=True) if fitting else [()] * len(header), strict=True)
        if name
    }


def _rows(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:  # a field of more than 128 KiB
        return []


def _delimiter(lines: Sequence[str]) -> str:
    """The character that cuts most rows into as many cells as the first; of several, the one of the most cells."""

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in _rows(lines, delimiter)]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return widths.count(widths[0]) / len(widths), widths[0]

    return max(_DELIMITERS, key=fit)


def _header(cells: Sequence[str]) -> list[str] | None:
    """The names of the columns, None where the first row holds values; the first may be an index without a name."""
    named = cells[1:] if len(cells) > 1 and not cells[0] else cells
    has_values = any(not _is_name(cell) or _type_of(cell) not in ("string", "") for cell in named)
    return None if has_values or len(set(named)) < len(named) else list(cells)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def _type_of(cell: str) -> str:
    if len(cell) > _LONGEST_VALUE:
        return "string"
    if cell.lower() in _MISSING:
        return ""
    matched = _TYPES.fullmatch(cell)
    return str(matched.lastgroup) if matched else "string"


def _common(types: Iterable[str]) -> str:
    """The type that values of several types have in common, "" where there are no values."""
    found = set(types) - {""}
    if len(found) <= 1:
        return next(iter(found), "")
    if found == {"integer", "number"}:
        return "number"
    return "string" if found <= _SCALARS else "mixed"


def _of_lines(text: str, is_cut: bool) -> Columns | None:
    """The keys of JSON objects, one a line."""
    lines = [line for line in (text.split("\n")[:-1] if is_cut else text.split("\n")) if line.strip()]
    types: dict[str, set[str]] = {}
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(row, dict):
            return None
        for name, value in row.items():
            types.setdefault(name, set()).add(_type_of_json(value))
    if not types or not all(_is_name(name) for name in types):
        return None
    return {name: _common(found) for name, found in types.items()}


def _type_of_json(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _of_parquet(content: bytes) -> Columns | None:
    if not (content.startswith(b"PAR1") and content.endswith(b"PAR1")):
        return None
    import pyarrow
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(pyarrow.BufferReader(content))
        columns = {str(each.name): _type_of_arrow(each.type) for each in schema}
    except (pyarrow.ArrowException, OSError, ValueError):  # the last for names that are no text
        return None
    columns = {name: kind for name, kind in columns.items() if not re.fullmatch(r"__index_level_\d+__", name)}
    return columns if columns and all(_is_name(name) for name in columns) else None


def _type_of_arrow(kind: object) -> str:
    """The kind of values, however many bits each takes."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return _type_of_arrow(kind.value_type)  # type: ignore[attr-defined]
    for name, is_of in (
        ("integer", types.is_integer),
        ("number", types.is_floating),
        ("number", types.is_decimal),
        ("boolean", types.is_boolean),
        ("datetime", types.is_temporal),
        ("string", types.is_string),
        ("string", types.is_large_string),
        ("array", types.is_list),
        ("array", types.is_large_list),
        ("object", types.is_struct),
    ):
        if is_of(kind):
            return name
    return str(kind)
