"""docs/errors.md as data, and the codes that the source can emit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_TOP = Path(__file__).parents[2]
_BUILDERS = ("reconciling", "stalled", "transient", "waits")
_PAGE = _TOP / "docs" / "errors.md"


def sections(chapter: str) -> dict[str, str]:
    """The sections of a chapter by title."""
    text = _PAGE.read_text(encoding="utf-8")
    [found] = re.findall(rf"^## {chapter}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^### (.+)$", found, re.MULTILINE)
    assert len(titles) == len(set(titles))
    return dict(zip(titles, re.split(r"^### .+$", found, flags=re.MULTILINE)[1:], strict=True))


def example(section: str) -> str:
    """What the program prints, as the section shows it."""
    [shown] = re.findall(r"^```text\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(shown)


def emitted_codes() -> set[str]:
    """The names of the codes that the source gives problems."""
    return {
        node.attr
        for node in _nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    }


def condition_reasons() -> set[str]:
    """The reasons of conditions that are not `Ready`."""
    return {
        node.args[0].value
        for node in _nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BUILDERS
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def calls_with_a_computed_reason() -> list[str]:
    """Conditions whose reason cannot be read from the source."""
    return [
        ast.unparse(node)
        for node in _nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BUILDERS
        if not isinstance(node.args[0], ast.Constant)
    ]


def _nodes() -> Iterator[ast.AST]:
    for path in sorted((_TOP / "reconciler").rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))
