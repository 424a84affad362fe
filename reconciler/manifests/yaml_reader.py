"""YAML documents as plain data, with the line and column of every value on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from reconciler.model.problems import Code, Pointer, Problem

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml: slower, the same result
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAXIMUM_BYTES = 5_000_000
MAXIMUM_VALUES = 200_000
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
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


class _FormError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read(content: bytes, file: str) -> Document:
    """Read all documents of a file; never raises, whatever the bytes."""
    if len(content) > MAXIMUM_BYTES:
        message = f"the file has {len(content):,} bytes, more than {MAXIMUM_BYTES:,}"
        return Document((), (_problem(file, message, "manifests are small; is this data?"),))
    try:
        nodes = list(_compose(content))
        construction = _Construction(file)
        values = tuple(construction.value(node) for node in nodes if node is not None)
        return Document(values, tuple(construction.problems))
    except _FormError as error:
        return Document((), (error.problem,))
    except UnicodeDecodeError as error:
        return Document((), (_problem(file, f"the file is not UTF-8: {error.reason}", "save it as UTF-8"),))
    except RecursionError:
        return Document((), (_problem(file, "the document is nested too deeply", "flatten it"),))
    except yaml.YAMLError as error:
        return Document((), (_syntax_problem(error, file),))


def locate(content: bytes, pointer: Pointer) -> tuple[int, int]:
    """Line and column, both from 1, of the value at the pointer or of its nearest ancestor that exists."""
    try:
        nodes = [node for node in _compose(content) if node is not None]
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return 1, 1
    if not nodes:
        return 1, 1
    mark = nodes[0].start_mark
    node: yaml.Node = nodes[0]
    for part in pointer:
        found = _child(node, part)
        if found is None:
            break
        key, node = found
        mark = key.start_mark
    return mark.line + 1, mark.column + 1


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _compose(content: bytes) -> Iterator[yaml.Node | None]:
    loader = _Loader(content)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


class _Construction:
    """Nodes to plain data: duplicate keys are problems, aliases cannot grow without bound."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._count = 0

    def value(self, node: yaml.Node) -> object:
        self._count += 1
        if self._count > MAXIMUM_VALUES:
            raise _FormError(_problem(self.file, "the document unfolds to too many values", "use fewer aliases"))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        return self._mapping(node)

    def _scalar(self, node: yaml.ScalarNode) -> object:
        if node.tag == _TEXT:
            return node.value
        construct = _SCALARS.get(node.tag)
        if construct is None:  # dates and custom tags stay the text that was written
            return node.value
        try:
            return construct(node)
        except ValueError:
            return node.value

    def _mapping(self, node: yaml.Node) -> dict[object, object]:
        result: dict[object, object] = {}
        own: set[object] = set()
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                self._merge(result, value_node)
                continue
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None and not isinstance(key_node, yaml.ScalarNode):
                raise _FormError(self._at(key_node, Code.SYNTAX, "a key must be text", "quote the key"))
            if key in own:
                message = f"the key {key!r} stands twice"
                self.problems.append(self._at(key_node, Code.DUPLICATE_KEY, message, "remove one of the two"))
            own.add(key)
            result[key] = self.value(value_node)
        return result

    def _merge(self, result: dict[object, object], node: yaml.Node) -> None:
        merged = self.value(node)
        for mapping in merged if isinstance(merged, list) else [merged]:
            if isinstance(mapping, dict):
                for key, value in mapping.items():
                    result.setdefault(key, value)

    def _at(self, node: yaml.Node, code: Code, message: str, hint: str) -> Problem:
        mark = node.start_mark
        return Problem(self.file, code, message, hint, line=mark.line + 1, column=mark.column + 1)


def _problem(file: str, message: str, hint: str) -> Problem:
    return Problem(file, Code.SYNTAX, message, hint, line=1, column=1)


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(file, Code.SYNTAX, f"this is not YAML: {said}", _syntax_hint(said), line=line, column=column)


def _syntax_hint(said: str) -> str:
    if "\\t" in said or "tab" in said:
        return "indent with blanks, not tabs"
    if "mapping values are not allowed" in said:
        return "a value that holds `: ` needs quotes, or the line above is not closed"
    if "could not find expected ':'" in said:
        return "a key must be followed by `: `"
    if "expected <block end>" in said or "did not find expected" in said:
        return "check the indentation and the brackets of this line and the one above"
    return "check the quotes and the indentation of this line"
