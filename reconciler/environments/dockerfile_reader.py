"""The instructions of a Dockerfile with the lines that they stand on, whatever is in the file.

After https://docs.docker.com/reference/dockerfile/: escape directive, continued lines, comments among them,
here-documents, and the forms of variables.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_LINES = re.compile(r"[^\n]*\n|[^\n]+")  # a line ends with a line feed and nothing else
_DIRECTIVE = re.compile(r"\s*#\s*escape\s*=\s*(\\|`)\s*$", re.IGNORECASE)
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
_TAKE_HEREDOCS = ("RUN", "COPY", "ADD")
_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?:(?P<how>:?[-+])(?P<word>[^{}]*))?\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        name: in capitals.
        flags: such as `--from=base`, as written.
        value: what follows them, on one line.
        start, end: its lines, from 0, both included.
        has_heredoc: text of its own follows it, up to its end.
    """

    name: str
    flags: tuple[str, ...]
    value: str
    start: int
    end: int
    has_heredoc: bool


def lines_of(dockerfile: str) -> list[str]:
    """The lines with their ends, as instructions count them."""
    return _LINES.findall(dockerfile)


def instructions(dockerfile: str) -> Iterator[Instruction]:
    """All instructions in their order; what is none is given as it stands, for the builder to complain about."""
    lines = lines_of(dockerfile.removeprefix("\ufeff"))
    escape = _escape(lines)
    position = 0
    while position < len(lines):
        if _is_nothing(lines[position]):
            position += 1
            continue
        start = position
        pieces: list[str] = []
        while position < len(lines):
            piece = lines[position].rstrip()
            is_continued = piece.endswith(escape)
            if not (pieces and _is_nothing(lines[position])):
                pieces.append(piece[: -len(escape)] if is_continued else piece)
                if not is_continued:
                    break
            position += 1
        end = min(position, len(lines) - 1)
        name, _, rest = "".join(pieces).strip().partition(" ")
        flags, value = _flags(rest.strip())
        delimiters = _heredocs(value) if name.upper() in _TAKE_HEREDOCS else []
        position = end = _after_heredocs(lines, end, delimiters)
        yield Instruction(name.upper(), flags, value, start, end, bool(delimiters))
        position += 1


def filled_in(text: str, variables: Mapping[str, str]) -> str | None:
    """A text with the values of its variables, None where one is not known."""
    is_known = True

    def fill(match: re.Match[str]) -> str:
        nonlocal is_known
        value = variables.get(match["plain"] or match["name"])
        how = match["how"] or ""
        is_set = value is not None and (value != "" or not how.startswith(":"))
        if how.endswith("-"):
            return value if is_set and value is not None else filled_in(match["word"], variables) or ""
        if how.endswith("+"):
            return (filled_in(match["word"], variables) or "") if is_set else ""
        is_known = is_known and value is not None
        return value or ""

    filled = _VARIABLE.sub(fill, text)
    return filled if is_known and "$" not in filled else None


def words_of(text: str) -> list[str]:
    """The words of a shell's line, quotes kept."""
    try:
        return shlex.split(text, posix=False)
    except ValueError:  # a quote is not closed, which is the builder's to tell
        return text.split()


def _escape(lines: Sequence[str]) -> str:
    for line in lines:
        if not line.lstrip().startswith("#"):
            break
        matched = _DIRECTIVE.match(line)
        if matched:
            return matched[1]
    return "\\"


def _is_nothing(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith("#")


def _flags(rest: str) -> tuple[tuple[str, ...], str]:
    flags: list[str] = []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag)
        rest = rest.lstrip()
    return tuple(flags), rest


def _heredocs(value: str) -> list[tuple[str, bool]]:
    """The delimiters of the here-documents that follow, and whether tabs before them count for nothing."""
    matches = (_HEREDOC.fullmatch(word) for word in words_of(value))
    return [(match[2].strip("'\""), bool(match[1])) for match in matches if match]


def _after_heredocs(lines: Sequence[str], position: int, delimiters: Sequence[tuple[str, bool]]) -> int:
    """The line of the last delimiter; the last line of all where one is missing."""
    for delimiter, is_indented in delimiters:
        position += 1
        while position < len(lines):
            line = lines[position].rstrip("\r\n")
            if (line.lstrip("\t") if is_indented else line) == delimiter:
                break
            position += 1
    return min(position, len(lines) - 1)
