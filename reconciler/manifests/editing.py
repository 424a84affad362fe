"""Edits of YAML in place: every byte stays as it is but those of the value that is changed.

Where a value stands is told by the marks of the nodes that the reader composes. An edit is read again before it is
given back: the documents must be the old ones with exactly that change.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from reconciler.manifests.version_line import version_edits
from reconciler.manifests.yaml_edits import LINE_BREAK, Edit, applied, end_of_line
from reconciler.manifests.yaml_reader import MERGE, compose, read
from reconciler.model.errors import UsageError
from reconciler.model.problems import Pointer

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ANCHOR = re.compile(r"(?:!\S*\s+)?&")
_BLOCK_HEADER = re.compile(r"[|>][0-9+-]*")
# Text to PyYAML, but a number or a boolean to other readers of YAML: those of 1.2, and strict ones of 1.1.
_ELSEWHERE_NO_TEXT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN]")


def set_scalar(content: bytes, pointer: Pointer, value: str, file: str = "") -> bytes:
    """Replace the scalar at a pointer by a text; its quotes are kept where the text can stand in them.

    Args:
        file: named in errors.

    Raises:
        UsageError: there is no such scalar, it has an anchor or a tag, or the file has mistakes.
    """
    file_text = _FileText(content, file)
    found = file_text.find(pointer)
    expected = _with(file_text.value, pointer, value)
    if _canonical([expected]) == _canonical([file_text.value]):
        return content
    for edits in _replacements(file_text.text, found, value):
        edited = file_text.edited(edits, expected)
        if edited is not None:
            return edited
    raise _refusal(file_text, found, pointer)


def set_scalars(content: bytes, values: Mapping[Pointer, str], file: str = "") -> bytes:
    """Replace several scalars as `set_scalar` does; the file is read but once where the preferred spellings are right.

    Raises:
        UsageError: one of them cannot be replaced.
    """
    file_text = _FileText(content, file)
    edits: list[Edit] = []
    expected = file_text.value
    for pointer, value in values.items():
        edits.extend(next(_replacements(file_text.text, file_text.find(pointer), value), ()))
        expected = _with(expected, pointer, value)
    edited = file_text.edited(edits, expected)
    if edited is not None:
        return edited
    for pointer, value in values.items():
        content = set_scalar(content, pointer, value, file)
    return content


def insert_version(content: bytes, value: str, file: str = "") -> bytes:
    """Write `version:` after the name of a manifest that has none, in the layout of the file.

    Raises:
        UsageError: there is a version, the document is no mapping, or the file has mistakes.
    """
    file_text = _FileText(content, file)
    root = file_text.root
    if not isinstance(root, MappingNode) or not isinstance(file_text.value, dict):
        raise UsageError("this is no manifest", place=file_text.place(root), hint="name the file of a manifest")
    stated = next((key for key, _ in root.value if key.value == "version"), None)
    if stated is not None:
        hint = "change that one"
        raise UsageError("there is a version already", place=file_text.place(stated), hint=hint)
    expected = {**file_text.value, "version": value}
    for edits in version_edits(file_text.text, root, lambda style, is_flow: _spellings(value, style, is_flow)):
        edited = file_text.edited(edits, expected)
        if edited is not None:
            return edited
    hint = f'write `version: "{value}"` by hand'
    raise UsageError("no version can be written in this layout", place=file_text.place(root), hint=hint)


@dataclass(frozen=True, slots=True)
class _Found:
    """A scalar and where it is named: by its key, or by itself in a list.

    Attributes:
        is_flow: whether it stands in brackets or braces.
        shared: the outermost mapping or list around it that has an anchor.
    """

    node: ScalarNode
    named: yaml.Node
    is_flow: bool
    shared: yaml.Node | None


class _FileText:
    """The text of a file, its documents as nodes and as plain data; manifests are the first that is a mapping.

    Raises:
        UsageError: the file cannot be read as it should.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self._file = file
        document = read(content, file)
        if document.problems:
            problem = document.problems[0]
            place = self._place(problem.line, problem.column)
            raise UsageError(problem.message, place=place, hint=problem.hint)
        self._mark, self._encoding = next(
            ((mark, encoding) for mark, encoding in _BYTE_ORDER_MARKS if content.startswith(mark)), (b"", "utf-8")
        )
        self.text = content.removeprefix(self._mark).decode(self._encoding)
        self._values = document.values
        nodes = compose(self.text.encode())  # without a byte order mark, so that marks count from the first character
        if not nodes:
            raise UsageError("the file is empty", place=file or None, hint="name the file of a manifest")
        self._index = next((index for index, node in enumerate(nodes) if isinstance(node, MappingNode)), 0)
        self.root: yaml.Node = nodes[self._index]

    @property
    def value(self) -> object:
        return self._values[self._index]

    def edited(self, edits: Iterable[Edit], expected: object) -> bytes | None:
        """The file with the edits, None if it does not read as expected then."""
        text = applied(self.text, edits)
        content = self._mark + text.encode(self._encoding)
        document = read(content, self._file)
        values = [*self._values]
        values[self._index] = expected
        is_right = not document.problems and _canonical(document.values) == _canonical(values)
        return content if is_right else None

    def find(self, pointer: Pointer) -> _Found:
        """The scalar at a pointer.

        Raises:
            UsageError: there is none, or none that can be replaced.
        """
        node: yaml.Node = self.root
        named = node
        is_flow = False
        shared: yaml.Node | None = None
        for depth, part in enumerate(pointer):
            shared = shared or (node if self._has_anchor(node) else None)
            is_flow = is_flow or bool(getattr(node, "flow_style", False))
            child = _child(node, part)
            if child is None:
                raise self._absent(node, pointer[: depth + 1])
            named, node = child
        if not isinstance(node, ScalarNode):
            message = f"`{_dotted(pointer)}` is a {'list' if isinstance(node, SequenceNode) else 'mapping'}"
            raise UsageError(message, place=self.place(named), hint="name a single value in it")
        if self._has_anchor(node):
            message = f"`{_dotted(pointer)}` has the anchor of line {node.start_mark.line + 1}, which others may share"
            raise UsageError(message, place=self.place(named), hint="write the value out without an anchor")
        if self.text.startswith("!", node.start_mark.index):
            message = f"`{_dotted(pointer)}` has a tag"
            raise UsageError(message, place=self.place(named), hint="change it by hand, or remove the tag")
        return _Found(node, named, is_flow, shared)

    def _has_anchor(self, node: yaml.Node) -> bool:
        """Whether a node has an anchor, which the nodes that its aliases lead to have too."""
        return _ANCHOR.match(self.text, node.start_mark.index) is not None

    def _absent(self, node: yaml.Node, pointer: Pointer) -> UsageError:
        is_merged = isinstance(node, MappingNode) and any(key.tag == MERGE for key, _ in node.value)
        hint = "write it out here if it comes from `<<`" if is_merged else "name a value that is there"
        return UsageError(f"there is no `{_dotted(pointer)}` here", place=self.place(node), hint=hint)

    def place(self, node: yaml.Node) -> str:
        return self._place(node.start_mark.line + 1, node.start_mark.column + 1)

    def _place(self, line: int | None, column: int | None) -> str:
        return f"{self._file}:{line}:{column}" if self._file else f"line {line}, column {column}"


def _refusal(file_text: _FileText, found: _Found, pointer: Pointer) -> UsageError:
    place = file_text.place(found.named)
    if found.shared is None:
        return UsageError(f"`{_dotted(pointer)}` cannot be changed in place", place=place, hint="change it by hand")
    line = found.shared.start_mark.line + 1
    message = f"changing `{_dotted(pointer)}` would change what shares the anchor of line {line}"
    return UsageError(message, place=place, hint="write the value out without an anchor")


def _replacements(text: str, found: _Found, value: str) -> Iterator[list[Edit]]:
    node = found.node
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        yield from _block_replacements(text, start, end, value)
        return
    # An empty value stands right behind its colon or dash.
    space = " " if start == end and text[start - 1 : start] in {":", "-", "?"} else ""
    for spelling in _spellings(value, node.style or None, found.is_flow):
        yield [Edit(start, end, space + spelling)]


def _block_replacements(text: str, start: int, end: int, value: str) -> Iterator[list[Edit]]:
    """What replaces `>-` with the lines under it: the same with one line, else quotes in its place."""
    header = _BLOCK_HEADER.match(text, start)
    assert header is not None  # noqa: S101 - YAML has told that a block scalar starts here
    header_line_end = end_of_line(text, header.end())
    last = start + len(text[start:end].rstrip(" \t\r\n\x85\u2028\u2029"))
    last_line_end = max(header_line_end, end_of_line(text, last))
    content = re.compile(rf"({LINE_BREAK})(?:[ \t]*(?:{LINE_BREAK}))*( +)").match(text, header_line_end)
    if content is not None and header[0] in {"|-", ">-"} and not re.search(LINE_BREAK, value):
        yield [Edit(header_line_end, last_line_end, content[1] + content[2] + value)]
    for spelling in _spellings(value, None, is_flow=False):
        yield [Edit(start, header.end(), spelling), Edit(header_line_end, last_line_end, "")]


def _spellings(value: str, style: str | None, is_flow: bool) -> Iterator[str]:
    """How a text can be written on one line, the preferred first; `style` is the quote, None without."""
    if style is None and not _ELSEWHERE_NO_TEXT.fullmatch(value) and _dumped(value, None, is_flow) == value:
        yield value
    prefers_single = style == "'" or (style is None and ('"' in value or "\\" in value))
    for quote in "'\"" if prefers_single else "\"'":
        spelling = _dumped(value, quote, is_flow)
        if not re.search(LINE_BREAK, spelling):
            yield spelling


def _dumped(value: str, style: str | None, is_flow: bool) -> str:
    width: Any = math.inf
    dumped: str = yaml.safe_dump(
        [value], default_style=style, default_flow_style=is_flow, width=width, allow_unicode=True
    )
    return dumped[1:-2] if is_flow else dumped[2:-1]  # `[value]` or `- value`, and the end of the line


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and the value of a part, as it stands there itself; what `<<` merges stands elsewhere."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part and key.tag != MERGE), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _with(value: object, pointer: Pointer, new: str) -> object:
    if not pointer:
        return new
    part, rest = pointer[0], pointer[1:]
    if isinstance(value, dict):
        return {**value, part: _with(value[part], rest, new)}
    if isinstance(value, list) and isinstance(part, int):
        return [_with(item, rest, new) if index == part else item for index, item in enumerate(value)]
    return value


def _canonical(values: Iterable[object]) -> str:
    """Plain data as text that is equal for equal data alone: 1, 1.0, true and "1" differ."""
    return json.dumps([*values], sort_keys=True)


def _dotted(pointer: Pointer) -> str:
    return ".".join(map(str, pointer)) or "the document"
