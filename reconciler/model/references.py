"""References from one manifest to another: `azureml:split@^1.2`, `file:../split.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_REGISTRY = re.compile(
    r"^azureml://registries/(?P<registry>[^/]+)/(?:components|environments|data|models)/(?P<name>[^/]+)"
    r"(?:/versions/(?P<version>[^/]+)|/labels/(?P<label>[^/]+))?/?$"
)
_NAMED = re.compile(
    r"^(?:azureml:)?(?!azureml:)(?P<name>[A-Za-z0-9][\w.-]*)(?:@(?P<range>[^@]+)|:(?P<version>[^@:]+))?$"
)
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name with a range of versions, or a path; exactly one of `name` and `path` is set.

    Attributes:
        text: as written.
        wanted: a version, a range, a label or `latest`.
        path: relative to the manifest that refers.
    """

    text: str
    name: str | None = None
    wanted: str = LATEST
    path: str | None = None
    registry: str | None = None

    @property
    def short(self) -> str:
        """As written, without what Azure ML puts before a name."""
        return self.text.strip().removeprefix("azureml:")


@lru_cache(maxsize=4096)
def parse_reference(text: str) -> Reference:
    """Read a reference. What looks like a YAML file or a relative path is a path, the rest a name.

    Raises:
        ValueError: the text is no reference.
    """
    stripped = text.strip()
    if stripped.startswith("file:"):
        return Reference(text, path=stripped.removeprefix("file:").removeprefix("//"))
    registry = _REGISTRY.match(stripped)
    if registry:
        wanted = registry["version"] or registry["label"] or LATEST
        return Reference(text, name=registry["name"], wanted=wanted, registry=registry["registry"])
    if not stripped.startswith("azureml:") and (
        stripped.startswith((".", "/")) or stripped.lower().endswith((".yml", ".yaml"))
    ):
        return Reference(text, path=stripped)
    named = _NAMED.match(stripped)
    if not named:
        raise ValueError(f"{text!r} is not a reference")
    return Reference(text, name=named["name"], wanted=named["range"] or named["version"] or LATEST)
