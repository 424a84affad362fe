"""Text of authors in Markdown and Mermaid: it is shown, letter by letter, and means nothing to the forge.

A pull request is open to everybody, and a comment is written with the rights of the project. So names, descriptions,
reasons, metrics and lines of logs stand in code spans alone: there no forge makes links of addresses, mentions of
`@name`, references of `#12` or commits, pictures or HTML. What else is in a comment is our own.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.model.plain_text import harmless

LONGEST: Final = 240
_NOTHING: Final = "–"
_BACKTICKS: Final = re.compile("`+")
_BEFORE_PIPE: Final = re.compile(r"\\+(?=\|)")
_LOOKS_LIKE_BACKSLASH: Final = "\N{SET MINUS}"
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ]")
_IN_HTML: Final = {ord(each): f"&#{ord(each)};" for each in "&<>\"'@#"}
_LONGEST_LABEL: Final = 60
_ELLIPSIS: Final = "…"


def shown(text: str, longest: int = LONGEST) -> str:
    """What of a text is shown: one line, nothing in it that is obeyed, the rest of what is too long left out."""
    line = harmless(" ".join(text[: 8 * longest].split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}{_ELLIPSIS}"


def code(text: str, longest: int = LONGEST) -> str:
    """The text as a code span; a dash where there is none."""
    return _span(shown(text, longest))


def cell(text: str, longest: int = LONGEST) -> str:
    """The text as a code span in a row of a table.

    A pipe is escaped, as tables demand it even in code. Renderers disagree on backslashes right before one: a sign that
    looks like them stands there instead.
    """
    line = _BEFORE_PIPE.sub(lambda found: _LOOKS_LIKE_BACKSLASH * len(found[0]), shown(text, longest))
    if line.endswith("\\"):  # what comes behind it is ours
        line = f"{line[:-1]}{_LOOKS_LIKE_BACKSLASH}"
    return _span(line).replace("|", "\\|")


def html_code(text: str, longest: int = LONGEST) -> str:
    """The text as code in a line of HTML, such as a summary, in which no Markdown is read."""
    line = shown(text, longest).translate(_IN_HTML)
    return f"<code>{line}</code>" if line else _NOTHING


def label(text: str) -> str:
    """The text for a label in quotes of a Mermaid graph: all but letters and digits in its entities."""
    return "".join(each if _PLAIN.match(each) else f"#{ord(each)};" for each in shown(text, _LONGEST_LABEL))


def _span(line: str) -> str:
    if not line:
        return _NOTHING
    fence = "`" * (1 + _longest_run(line))
    is_padded = line.startswith("`") or line.endswith("`")
    return f"{fence} {line} {fence}" if is_padded else f"{fence}{line}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
