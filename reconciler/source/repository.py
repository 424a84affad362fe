"""A repository that can be read: a mirror, or the one that a work tree belongs to."""

from __future__ import annotations

from typing import Protocol

from reconciler.source.objects import Objects
from reconciler.source.tags import Tags


class Repository(Protocol):
    """Objects by id, and the tags that lead to some of them."""

    @property
    def objects(self) -> Objects: ...

    @property
    def tags(self) -> Tags: ...
