"""Printing: tables for people, JSON and YAML for programs, problems with their place and excerpt."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class CheckFormat(StrEnum):
    """How `validate` and `plan` print: as all verbs do, or as annotations of a workflow run at GitHub."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    GITHUB = "github"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def harmless(text: str) -> str:
    """Text on one line with all that a terminal would obey, and all that turns the direction of writing, spelt out.

    Names and lines of manifests are other people's: they must not be able to move the cursor or hide what they say.
    """
    if text.isprintable():
        return text
    return "".join(each if _is_harmless(each) else each.encode("unicode_escape").decode() for each in text)


def _is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


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
    text = json.dumps(data, indent=2, ensure_ascii=False)
    text = escaped(text)
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


def rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_harmless_lines(cell), style=STYLES.get(cell, "")) for cell in row))
    return table


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
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _on_one_line(cell: str) -> str:
    indent = cell[: len(cell) - len(cell.lstrip(" "))]
    return indent + harmless(" ".join(cell.split()))
