"""Command templates: `${{inputs.x}}` and `$[[ optional parts ]]`, rendered so that no value can inject."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from reconciler.model.manifests import Scalar

_EXPRESSION = re.compile(r"\$\{\{\s*(inputs|outputs|search_space)\.([A-Za-z0-9_.-]+?)(?:\.path)?\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_ANY = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def expressions_in(command: str) -> Iterator[tuple[str, str]]:
    """The `(section, name)` pairs that the command names, sections being inputs, outputs, search_space."""
    for match in _EXPRESSION.finditer(command):
        yield match[1], match[2]


def unknown_expressions_in(command: str) -> Iterator[str]:
    """The expressions that no rule can fill in, as written."""
    for match in _ANY.finditer(command):
        if not _EXPRESSION.fullmatch(match[0]):
            yield match[0]


def optional_inputs_in(command: str) -> set[str]:
    """Names of the inputs that stand inside `$[[ … ]]` only."""
    outside = {name for section, name in expressions_in(_OPTIONAL.sub("", command)) if section == "inputs"}
    inside = {
        name for part in _OPTIONAL.finditer(command) for section, name in expressions_in(part[1]) if section == "inputs"
    }
    return inside - outside


def render(command: str, inputs: Mapping[str, Scalar], outputs: Mapping[str, str]) -> str:
    """The command for `sh -c`, each value quoted for the place in which it stands.

    A part in `$[[ … ]]` is left out when an input that it names has no value.

    Raises:
        KeyError: a value is missing outside an optional part.
    """

    def keep(part: re.Match[str]) -> str:
        wanted = [name for section, name in expressions_in(part[1]) if section != "outputs"]
        return part[1] if all(name in inputs for name in wanted) else ""

    text = _OPTIONAL.sub(keep, command)
    pieces: list[str] = []
    quote = ""
    position = 0
    for match in _EXPRESSION.finditer(text):
        before = text[position : match.start()]
        pieces.append(before)
        quote = _quote_after(before, quote)
        values: Mapping[str, Scalar] = outputs if match[1] == "outputs" else inputs
        pieces.append(_quoted(literal_text(values[match[2]]), quote))
        position = match.end()
    pieces.append(text[position:])
    return "".join(pieces)


def literal_text(value: Scalar) -> str:
    """A literal as a program sees it on its command line: booleans are `True` and `False` as on Azure."""
    return str(value)


def _quote_after(text: str, quote: str) -> str:
    """The quote that is open after the text (`'`, `"` or none), given the one open before it."""
    index = 0
    while index < len(text):
        character = text[index]
        if character == "\\" and quote != "'":
            index += 2
            continue
        if not quote and character in "'\"":
            quote = character
        elif character == quote:
            quote = ""
        index += 1
    return quote


def _quoted(value: str, quote: str) -> str:
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        return re.sub(r'([\\"$`])', r"\\\1", value)
    return shlex.quote(value)
