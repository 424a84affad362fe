"""YAML to nodes: libyaml's composer, which asks for the tag of each node, with an answer that is found once."""

from __future__ import annotations

from functools import lru_cache

from yaml import ScalarNode

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without libyaml: slower, the same result
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

_TEXT = "tag:yaml.org,2002:str"
_LONGEST_KEPT = 64  # characters: keys, types and numbers stand in thousands of manifests, long texts in one
_RESOLVERS = _SafeLoader.yaml_implicit_resolvers


class NodeLoader(_SafeLoader):
    """Composes as PyYAML's safe loader does, in four fifths of the time.

    Paths, by which PyYAML could tell tags too, are used by nobody here.
    """

    def resolve(self, kind: type, value: str, implicit: tuple[bool, bool]) -> str:
        if kind is ScalarNode:
            if not implicit[0]:
                return _TEXT
            return _kept_tag(value) if len(value) <= _LONGEST_KEPT else _tag(value)
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return tag

    def descend_resolver(self, current_node: object, current_index: object) -> None:
        """Nothing is told by paths."""

    def ascend_resolver(self) -> None:
        """Nothing is told by paths."""


def _tag(value: str) -> str:
    """The tag of a scalar without quotes (YAML 1.1, as PyYAML has it)."""
    for tag, pattern in (*_RESOLVERS.get(value[:1], ()), *_RESOLVERS.get(None, ())):
        if pattern.match(value):
            return str(tag)
    return _TEXT


_kept_tag = lru_cache(maxsize=16_384)(_tag)
