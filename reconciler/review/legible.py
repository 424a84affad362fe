"""YAML in which every word can be found by looking for it: what escapes, anchors and tags hide is written out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.manifests import yaml_reader

_VEILED = re.compile(
    rb"\"[^\"\n]*\\|\x00|^\xff\xfe|^\xfe\xff|name[\"']?\s*:\s*[\"']?[^\w.\"'\s\x80-\xff]|!!|!<|^%TAG", re.MULTILINE
)


def legible(content: bytes) -> bytes:
    """The text, with what it means behind it where the two may differ."""
    if not _VEILED.search(content):
        return content
    meant = "\n".join(line for value in yaml_reader.read(content, "").values for line in _lines(value, ""))
    return content + b"\n" + meant.encode(errors="surrogateescape")


def _lines(value: object, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{name}:"
            yield from _lines(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _lines(inner, key)
    else:
        yield f"{key}: {value}"
