"""Printing: tables for people, JSON and YAML for programs, problems with their place and excerpt."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


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
    sys.stderr.write(f"{text}\n")


def print_data(data: Any, form: Format) -> None:
    """Data as JSON or YAML."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    if form is Format.YAML:
        import yaml

        text = yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True).rstrip()
    say(text)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal with Rich, in plain columns elsewhere; nothing where there are no rows."""
    if not rows:
        return
    if not sys.stdout.isatty():
        _print_columns(headers, rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(table)


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
    return indent + " ".join(cell.split())
