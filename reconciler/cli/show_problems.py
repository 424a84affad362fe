"""Problems of manifests as `file:line:column: message`, with the line, a caret and a hint; or as GitHub shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache

from reconciler.cli.excerpt import excerpt
from reconciler.cli.output import harmless, say
from reconciler.manifests.yaml_reader import lines_of
from reconciler.model.problems import Problem

_RED, _YELLOW, _DIM, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
_GITHUB_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_GITHUB_PROPERTY = {**_GITHUB_DATA, ord(":"): "%3A", ord(","): "%2C"}


def show_problems(problems: Sequence[Problem], content: Callable[[str], bytes | None]) -> None:
    """Print all problems; `content` gives a file's bytes, for the excerpt."""
    is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def paint(colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if is_coloured else text

    @lru_cache(maxsize=1)  # problems come file by file
    def lines(file: str) -> list[str]:
        return lines_of(content(file) or b"")

    for problem in problems:
        colour = _RED if problem.is_error else _YELLOW
        severity, message = paint(colour, problem.severity), _on_one_line(problem.message)
        say(f"{paint(_BOLD, _place(problem))}: {severity}: {message} [{problem.code}]")
        line = lines(problem.file)[problem.line - 1 : problem.line] if problem.line else []
        if line and line[0].strip():
            shown, indent = excerpt(line[0], problem.column)
            say(f"  {problem.line:>4} | {shown}")
            say(f"       | {' ' * indent}{paint(colour, '^')}")
        if problem.hint:
            say(f"       {paint(_DIM, 'hint:')} {_on_one_line(problem.hint)}")


def annotate(problems: Sequence[Problem]) -> None:
    """Print problems as commands to a GitHub workflow, which shows them in the changed files of a pull request."""
    for problem in problems:
        properties = {"file": problem.file, "line": problem.line, "col": problem.column, "title": problem.code}
        written = ",".join(f"{key}={str(value).translate(_GITHUB_PROPERTY)}" for key, value in properties.items())
        text = f"{problem.message}\nhint: {problem.hint}" if problem.hint else problem.message
        say(harmless(f"::{problem.severity} {written}::{text.translate(_GITHUB_DATA)}"))


def counted(problems: Sequence[Problem]) -> str:
    """How many errors and warnings there are, such as `1 error, 2 warnings`."""
    errors = sum(problem.is_error for problem in problems)
    return f"{numbered(errors, 'error')}, {numbered(len(problems) - errors, 'warning')}"


def numbered(count: int, what: str) -> str:
    """A number with what is counted, such as `1 manifest` and `2 manifests`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _place(problem: Problem) -> str:
    return f"{harmless(problem.file)}:{problem.line}:{problem.column}"


def _on_one_line(text: str) -> str:
    return harmless(" ".join(text.split()))
