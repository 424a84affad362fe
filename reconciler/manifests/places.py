"""Where the values of a YAML file stand, and how they were written."""

from __future__ import annotations

import re
from functools import cached_property

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from reconciler.manifests.yaml_reader import MERGE, FormError, compose, lines_of
from reconciler.model.problems import Pointer


class Places:
    """Where the values of a file stand."""

    def __init__(self, content: bytes) -> None:
        try:
            nodes = compose(content)
        except (yaml.YAMLError, FormError):
            nodes = []
        self._content = content
        mappings = (node for node in nodes if isinstance(node, MappingNode))
        self._root = next(mappings, nodes[0] if nodes else None)

    def of(self, pointer: Pointer, part: str = "") -> tuple[int, int]:
        """Line and column, both from 1, of the value at the pointer or of its nearest ancestor that exists.

        Args:
            part: what of the value is meant; where it is not found, the whole is.
        """
        if self._root is None:
            return 1, 1
        node = self._root
        mark = node.start_mark
        for key in pointer:
            found = _child(node, key)
            if found is None:
                return mark.line + 1, mark.column + 1
            named, node = found
            mark = named.start_mark
        within = self._part_of(node, part) if part else None
        return within or (mark.line + 1, mark.column + 1)

    def _part_of(self, node: yaml.Node, part: str) -> tuple[int, int] | None:
        whole = re.compile(rf"(?<![\w.]){re.escape(part)}(?!\w)" if part[-1].isalnum() else re.escape(part))
        first, last = node.start_mark.line, node.end_mark.line
        for number, line in enumerate(self._lines[first : last + 1], start=first):
            found = whole.search(line, node.start_mark.column if number == first else 0)
            if found is not None:
                return number + 1, found.start() + 1
        return None

    @cached_property
    def _lines(self) -> list[str]:
        return lines_of(self._content)

    def text(self, pointer: Pointer) -> str | None:
        """The text of the scalar at the pointer as it was written, `3.10` for what reads as 3.1; None if none is there.

        Quotes are no part of it: a quoted value is text already, and is what it says.
        """
        node = self._root
        for part in pointer:
            found = _child(node, part) if node is not None else None
            if found is None:
                return None
            _, node = found
        return str(node.value) if isinstance(node, ScalarNode) else None


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == part and key.tag != MERGE:
                return key, value
        for key, value in node.value:
            if key.tag == MERGE:
                for merged in value.value if isinstance(value, SequenceNode) else [value]:
                    found = _child(merged, part) if isinstance(merged, MappingNode) else None
                    if found is not None:
                        return found
    elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
