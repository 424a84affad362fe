"""Command templates: `${{inputs.x}}` and `$[[ optional parts ]]`, rendered so that no value can inject."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from reconciler.model.manifests import Scalar
from reconciler.model.shell_text import Place, ShellText

_EXPRESSION = re.compile(r"\$\{\{\s*(inputs|outputs|search_space)\.([A-Za-z0-9_.-]+?)(?:\.path)?\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-]+")
_HARMLESS = re.compile(r"[\w@%+:,./ -]*")  # even where a here-document is none after all
_NAME = re.compile(r"\$\{\{\s*name\s*\}\}")
_ODD = re.compile(r"[^A-Za-z0-9_.-]")
_ANY = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def expressions_in(command: str) -> Iterator[tuple[str, str]]:
    """The `(section, name)` pairs that the command names, sections being inputs, outputs, search_space."""
    for match in _EXPRESSION.finditer(command):
        yield match[1], match[2]


def unknown_expressions_in(command: str) -> Iterator[str]:
    """The expressions that no rule can fill in, as written."""
    for match in _ANY.finditer(command):
        if not _EXPRESSION.fullmatch(match[0]) and not _NAME.fullmatch(match[0]):
            yield match[0]


def named(command: str, step: str) -> str:
    """The command with the name of its step for `${{name}}`: a plain word, wherever it stands."""
    return _NAME.sub(_ODD.sub("_", step), command)


def has_open_part(command: str) -> bool:
    """Whether a `$[[` is never closed."""
    return "$[[" in _OPTIONAL.sub("", command)


def optional_inputs_in(command: str) -> set[str]:
    """Names of the inputs that stand inside `$[[ … ]]` only."""
    outside = {name for section, name in expressions_in(_OPTIONAL.sub("", command)) if section == "inputs"}
    inside = {
        name for part in _OPTIONAL.finditer(command) for section, name in expressions_in(part[1]) if section == "inputs"
    }
    return inside - outside


def render(command: str, inputs: Mapping[str, Scalar], outputs: Mapping[str, str]) -> str:
    """The command for `sh -c` with the values in their places.

    A value never becomes a part of the shell's program. Unless it is a plain word, it is assigned to a variable
    first and the variable is what stands in its place: a shell does not read again what it has expanded.
    A part in `$[[ … ]]` is left out when an input that it names has no value.

    Raises:
        KeyError: a value is missing outside an optional part.
        ValueError: a value stands in a here-document that cannot hold it.
    """

    def keep(part: re.Match[str]) -> str:
        wanted = [name for section, name in expressions_in(part[1]) if section != "outputs"]
        return part[1] if all(name in inputs for name in wanted) else ""

    text = _OPTIONAL.sub(keep, command)
    pieces: list[str] = []
    variables: dict[str, str] = {}
    shell = ShellText()
    position = 0
    for match in _EXPRESSION.finditer(text):
        before = text[position : match.start()]
        shell.feed(before)
        values: Mapping[str, Scalar] = outputs if match[1] == "outputs" else inputs
        placed = _placed(literal_text(values[match[2]]), shell, variables)
        shell.feed(placed)
        pieces += before, placed
        position = match.end()
    assignments = "".join(f"{name}={shlex.quote(value)}; " for value, name in variables.items())
    return assignments + "".join(pieces) + text[position:]


def literal_text(value: Scalar) -> str:
    """A literal as a program sees it on its command line: booleans are `True` and `False` as on Azure."""
    return str(value)


def _placed(value: str, shell: ShellText, variables: dict[str, str]) -> str:
    """What stands for a value; a variable for it is added where one is needed."""
    if shell.place is Place.QUOTED_HERE_DOCUMENT:
        if shell.ends_with(value) or not _HARMLESS.fullmatch(value):
            raise ValueError(f"{value!r} cannot stand in a quoted here-document; pass it as an argument instead")
        return value
    if _PLAIN.fullmatch(value) and shell.place not in (Place.HERE_DOCUMENT, Place.COMMENT):
        return value
    name = variables.setdefault(value, f"reconciler_{len(variables) + 1}")
    match shell.place:
        case Place.PLAIN:
            return f'"${{{name}}}"'
        case Place.SINGLE_QUOTES:
            return f"""'"${{{name}}}"'"""
        case _:
            return f"${{{name}}}"
