"""Names of container images, as Docker reads them: `python:3.11-slim`, `registry.example.org/ml/base@sha256:…`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?P<repository>(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_.-]+")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ImageName:
    """A name taken apart; `repository` holds the registry where one is named."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def registry(self) -> str:
        """The registry's host, `docker.io` where none is named."""
        first, slash, _ = self.repository.partition("/")
        is_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
        return first if slash and is_host else "docker.io"


def parse_image_name(text: str) -> ImageName:
    """Take a name apart.

    Raises:
        ValueError: the text names no image.
    """
    matched = _NAME.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not the name of an image")
    return ImageName(matched["repository"], matched["tag"], matched["digest"])


def image_tag(name: str, version: str | None, digest: str) -> str:
    """The tag of an environment's image: `reconciler/<name>:<semver>-<digest12>`.

    Characters that Docker does not take become dashes; the digest tells apart what then reads the same.
    """
    repository = _NOT_IN_A_NAME.sub("-", name.lower()).strip("-") or "environment"
    label = _NOT_IN_A_TAG.sub("-", (version or "0.0.0").replace("+", "_"))[:100]
    return f"reconciler/{repository}:{label}-{digest[:12]}"
