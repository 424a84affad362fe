"""YAML documents as plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import ScalarNode, SequenceNode

from reconciler.manifests.yaml_nodes import NodeLoader
from reconciler.model.problems import Code, Problem

MAXIMUM_BYTES = 5_000_000
MAXIMUM_VALUES = 40_000
MAXIMUM_DEPTH = 100
MAXIMUM_PROBLEMS = 100
_SAFE_DEPTH = 400  # libyaml composes by recursion: from here on it could overflow the stack of a thread
_LONG_TEXT = 256  # a text counts as one more value for each so many characters
_LONG_NUMBER = 100
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_TEXT = "tag:yaml.org,2002:str"
MERGE = "tag:yaml.org,2002:merge"
_SCALARS: dict[str, Callable[[yaml.ScalarNode], object]] = {
    "tag:yaml.org,2002:int": _CONSTRUCTOR.construct_yaml_int,
    "tag:yaml.org,2002:float": _CONSTRUCTOR.construct_yaml_float,
    "tag:yaml.org,2002:bool": _CONSTRUCTOR.construct_yaml_bool,
    "tag:yaml.org,2002:null": lambda _: None,
}


@dataclass(frozen=True, slots=True)
class Document:
    """The documents of a file as plain data, with what is wrong with their form."""

    values: tuple[object, ...]
    problems: tuple[Problem, ...] = ()


class FormError(Exception):
    """The file is YAML, but none that can be a manifest."""

    def __init__(self, message: str, hint: str, mark: yaml.Mark | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line, self.column = (mark.line + 1, mark.column + 1) if mark else (1, 1)


def read(content: bytes, file: str) -> Document:
    """Read all documents of a file; never raises, whatever the bytes.

    Keys are the text that was written, so that `on:` and `1:` are no booleans and numbers; so are dates, numbers
    that JSON does not know and values with tags of their own.
    """
    try:
        construction = _Construction(file)
        values = tuple([construction.value(node) for node in compose(content)])
        return Document(values, tuple(construction.problems))
    except FormError as error:
        return Document((), (_problem(file, error.message, error.hint, error.line, error.column),))
    except yaml.reader.ReaderError as error:
        return Document((), (_encoding_problem(error, content, file),))
    except yaml.YAMLError as error:
        return Document((), (_syntax_problem(error, content, file),))


def lines_of(content: bytes) -> list[str]:
    """The lines of a file as YAML counts them, which is not as Python does."""
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return _LINE_END.split(content.decode("utf-16" if is_wide else "utf-8-sig", errors="replace"))


def compose(content: bytes) -> list[Any]:
    """The documents of a file as nodes.

    Raises:
        FormError: it is too large, nested too deeply or holds too many values.
        yaml.YAMLError: it is no YAML.
    """
    if len(content) > MAXIMUM_BYTES:
        message = f"the file has {len(content):,} bytes, more than {MAXIMUM_BYTES:,}"
        raise FormError(message, "manifests are small; is this data?")
    if _could_be_too_much(content):
        _measure(content)
    loader = NodeLoader(content)
    nodes = []
    try:
        while loader.check_node():
            nodes.append(loader.get_node())
        return nodes
    finally:
        loader.dispose()


def _could_be_too_much(content: bytes) -> bool:
    """Whether a file may be nested too deeply to compose, or hold too many values; rarely true, and quickly told.

    Each level of nesting takes a bracket, or a column in a line; two levels may share a column. `${{` is text.
    """
    brackets = content.count(b"[") + content.count(b"{") - 2 * content.count(b"${{")
    if len(content) > 2 * MAXIMUM_VALUES or brackets > _SAFE_DEPTH or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return len(content) > _SAFE_DEPTH // 4 and brackets + 2 * max(map(len, content.splitlines())) > _SAFE_DEPTH


def _measure(content: bytes) -> None:
    """Go through the events of a file, which takes no recursion and keeps nothing.

    Raises:
        FormError: it is nested too deeply or holds too many values.
    """
    loader = NodeLoader(content)
    depth = count = 0
    try:
        while loader.check_event():
            event: Any = loader.get_event()
            count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAXIMUM_DEPTH:
                raise _too_deep(event.start_mark)
            if count > 2 * MAXIMUM_VALUES:
                raise _too_many(event.start_mark)
    finally:
        loader.dispose()


class _Construction:
    """Nodes to plain data: duplicate keys are problems, aliases cannot grow without bound."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._count = 0
        self._depth = 0

    def value(self, node: yaml.Node) -> object:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self._grow(node, len(node.value) + 1)
        if self._depth == MAXIMUM_DEPTH:
            raise _too_deep(node.start_mark)
        self._depth += 1
        if isinstance(node, SequenceNode):
            built: object = [self.value(item) for item in node.value]
        else:
            built = self._mapping(node)
        self._depth -= 1
        return built

    def _scalar(self, node: yaml.ScalarNode) -> object:
        text = node.value
        if len(text) > _LONG_TEXT:
            self._grow(node, len(text) // _LONG_TEXT)
        if node.tag == _TEXT:
            return text
        construct = _SCALARS.get(node.tag)
        if construct is None or len(text) > _LONG_NUMBER:
            return text
        try:
            value = construct(node)
        except (ValueError, KeyError, IndexError):  # a tag that the text does not fit, such as `!!int x`
            return text
        return text if isinstance(value, float) and not math.isfinite(value) else value

    def _grow(self, node: yaml.Node, count: int) -> None:
        self._count += count
        if self._count > MAXIMUM_VALUES:
            raise _too_many(node.start_mark)

    def _mapping(self, node: yaml.Node) -> dict[str, object]:
        result: dict[str, object] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == MERGE:
                merged.append(value_node)
                continue
            if not isinstance(key_node, ScalarNode):
                raise FormError("a key must be text", "quote the key", key_node.start_mark)
            key = key_node.value
            if len(key) > _LONG_TEXT:
                self._grow(key_node, len(key) // _LONG_TEXT)
            if key in result:
                self._problem(key_node, Code.DUPLICATE_KEY, f"the key {key!r} stands twice", "remove one of the two")
            result[key] = self.value(value_node)
        for value_node in merged:
            self._merge(result, value_node)
        return result

    def _merge(self, result: dict[str, object], node: yaml.Node) -> None:
        merged = self.value(node)
        for mapping in merged if isinstance(merged, list) else [merged]:
            if isinstance(mapping, dict):
                for key, value in mapping.items():
                    result.setdefault(key, value)
            else:
                hint = "write `<<: *anchor`, the anchor standing at a mapping"
                self._problem(node, Code.SYNTAX, "only a mapping can be merged with `<<`", hint)

    def _problem(self, node: yaml.Node, code: Code, message: str, hint: str) -> None:
        mark = node.start_mark
        if len(self.problems) < MAXIMUM_PROBLEMS:
            self.problems.append(Problem(self.file, code, message, hint, line=mark.line + 1, column=mark.column + 1))


def _too_deep(mark: yaml.Mark) -> FormError:
    return FormError(f"the document is nested more than {MAXIMUM_DEPTH} levels deep", "flatten it", mark)


def _too_many(mark: yaml.Mark) -> FormError:
    return FormError("the document unfolds to too many values", "use fewer aliases, or split the file", mark)


def _problem(file: str, message: str, hint: str, line: int, column: int) -> Problem:
    return Problem(file, Code.SYNTAX, message, hint, line=line, column=column)


def _encoding_problem(error: yaml.reader.ReaderError, content: bytes, file: str) -> Problem:
    before = content[: error.position]
    line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode(errors="replace")) + 1
    if "not allowed" in error.reason:
        return _problem(file, f"this is not YAML: {error.reason}", "remove the character", line, column)
    return _problem(file, f"the file is not UTF-8: {error.reason}", "save it as UTF-8", line, column)


def _syntax_problem(error: yaml.YAMLError, content: bytes, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = lines_of(content)
    if line > len(lines):  # libyaml ends the last line where the file does not
        line, column = len(lines), len(lines[-1]) + 1
    return _problem(file, f"this is not YAML: {said}", _syntax_hint(said, lines[line - 1]), line, column)


def _syntax_hint(said: str, written: str) -> str:
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "indent with blanks, not tabs"
    if "cannot start any token" in said:
        return "a value that starts with this character needs quotes"
    if "mapping values are not allowed" in said:
        return "a value that holds `: ` needs quotes, or the line above is not closed"
    if "undefined alias" in said:
        return "an alias `*name` needs its anchor `&name` further up"
    if "escape" in said or "hexdecimal" in said:
        return "double the backslash, or use single quotes"
    if "could not find expected ':'" in said:
        return "a key must be followed by `: `"
    if "expected <block end>" in said or "did not find expected" in said:
        return "check the indentation and the brackets of this line and the one above"
    return "check the quotes and the indentation of this line"
