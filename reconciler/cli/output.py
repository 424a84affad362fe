"""Printing: tables for people, JSON and YAML for programs, problems with their place and excerpt."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reconciler.cli.column_widths import fits_whole, fitted_widths
from reconciler.model.plain_text import harmless as harmless  # noqa: PLC0414 - verbs take it from here
from reconciler.model.strict_json import strict_json

if TYPE_CHECKING:
    from rich.table import Table

_GAP = "  "  # between columns
_SPARE = "REVISION"  # `-o json` has it, and `describe`


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class CheckFormat(StrEnum):
    """How `validate` prints: as all verbs do, or as annotations of a workflow run at GitHub."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    GITHUB = "github"


class PlanFormat(StrEnum):
    """How `plan` prints: as `validate` does, or as the comment of a pull request."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"
    GITHUB = "github"


class CompareFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _harmless_lines(text: str) -> str:
    return "\n".join(harmless(line) for line in text.expandtabs().split("\n"))


def say(text: str = "") -> None:
    """Print a line. A reader that has gone away, as `head` does, is no reason to stop what is being done."""
    try:
        sys.stdout.write(f"{text}\n")
    except BrokenPipeError:
        _go_on_unheard()


def hand_over() -> None:
    """See to it that all that was said is on its way."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _go_on_unheard()


def _go_on_unheard() -> None:
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, sys.stdout.fileno())
    os.close(nobody)


def complain(text: str) -> None:
    sys.stderr.write(f"{_harmless_lines(text)}\n")


def print_data(data: Any, form: Format) -> None:
    """Data as JSON or YAML, what a terminal would obey in escapes."""
    text = escaped(strict_json(data, indent=2))
    if form is Format.YAML:
        import yaml

        text = yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True).rstrip()
    say(text)


def escaped(text: str) -> str:
    """JSON with what a terminal would obey in escapes."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_OBEYED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal with Rich, in plain columns elsewhere; nothing where there are no rows."""
    if not rows:
        return
    if not sys.stdout.isatty():
        _print_columns(headers, rows)
        return
    from rich.console import Console

    Console().print(rich_table(headers, rows))


def rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]], room: int | None = None) -> Table:
    """A table for a terminal, commits short; one that would have to break names does without the revisions.

    Args:
        room: columns of the terminal; those that it has unless given.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    room = Console().width if room is None else room
    columns = [(header, *(_short(row[at]) for row in rows)) for at, header in enumerate(headers)]
    if not fits_whole(columns, room - len(_GAP) * (len(columns) - 1)):
        columns = [column for column in columns if column[0] != _SPARE]
    widths = fitted_widths(columns, room - len(_GAP) * (len(columns) - 1))
    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column[0], overflow="fold", width=width)
    for line in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in line))
    return table


def _short(cell: str) -> str:
    return _COMMIT.sub(r"\1", _harmless_lines(cell))


_COMMIT = re.compile(r"(@sha1:[0-9a-f]{10})[0-9a-f]{30}\b")


STYLES = {
    "succeeded": "green",
    "reused": "cyan",
    "restored": "cyan",
    "running": "yellow",
    "failed": "bold red",
    "skipped": "dim",
    "cancelled": "magenta",
    "pending": "dim",
    "run": "yellow",
    "reuse": "cyan",
    "maybe": "magenta",
    "True": "green",
    "False": "red",
}


def _print_columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [list(headers), *[[_on_one_line(cell) for cell in row] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for line in lines:
        say(_GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _on_one_line(cell: str) -> str:
    indent = cell[: len(cell) - len(cell.lstrip(" "))]
    return indent + harmless(" ".join(cell.split()))
