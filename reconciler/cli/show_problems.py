"""Problems of manifests as `file:line:column: message`, with the line, a caret and a hint."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from reconciler.cli.output import say
from reconciler.model.problems import Problem

_RED, _YELLOW, _DIM, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


def show_problems(problems: Sequence[Problem], content: Callable[[str], bytes | None]) -> None:
    """Print all problems; `content` gives a file's bytes, for the excerpt."""
    is_coloured = sys.stdout.isatty()

    def paint(colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if is_coloured else text

    for problem in problems:
        colour = _RED if problem.is_error else _YELLOW
        place = f"{problem.file}:{problem.line}:{problem.column}"
        say(f"{paint(_BOLD, place)}: {paint(colour, problem.severity)}: {problem.message} [{problem.code}]")
        line = _line(content(problem.file), problem.line)
        if line.strip():
            say(f"  {problem.line:>4} | {line}")
            say(f"       | {' ' * (problem.column - 1)}{paint(colour, '^')}")
        if problem.hint:
            say(f"       {paint(_DIM, 'hint:')} {problem.hint}")


def _line(content: bytes | None, number: int) -> str:
    if content is None or number < 1:
        return ""
    lines = content.decode("utf-8", errors="replace").splitlines()
    return lines[number - 1][:160] if number <= len(lines) else ""
