"""What a builder of environments does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """An environment with the content of its files.

    Attributes:
        digest: equal for environments that are built the same.
        conda: the parsed conda file.
        context_folder: the build context, exported from Git.
        bases: what the images that it builds on are pinned to, by their names; "" for one that nothing is known of.
        source: where its manifest comes from, at which `revision`.
    """

    name: str
    version: str | None
    digest: str
    image: str | None = None
    conda: Mapping[str, Any] | None = None
    context_folder: Path | None = None
    dockerfile: str | None = None
    bases: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something built or fetched that nothing needs any more.

    Attributes:
        name: for people and for `EnvironmentBuilder.remove`.
        size: bytes.
    """

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Needed:
    """What must stay, and what may be taken for ours at all: several states may share one engine.

    Attributes:
        digests: of the environments that are needed; `pins` is what the images that they build on are pinned to.
        known_digests: of all environments that this state has ever built; `known_pins` likewise.
    """

    digests: frozenset[str]
    pins: frozenset[str] = frozenset()
    known_digests: frozenset[str] = frozenset()
    known_pins: frozenset[str] = frozenset()


class EnvironmentBuilder(Protocol):
    """Builds environments for one kind of engine.

    Attributes:
        engine: the engine whose steps run in what is built.
    """

    engine: str

    def location(self, spec: EnvironmentSpec) -> str | None:
        """Where the environment is, None where it is not built or not whole."""
        ...

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        """Build the environment, or return the one there is.

        Raises:
            EnvironmentBuildError: with what failed and the last lines of the log.
        """
        ...

    def broken(self, spec: EnvironmentSpec) -> str:
        """Why what was built does not work any more, "" where it does or is not there."""
        ...

    def discard(self, spec: EnvironmentSpec) -> None:
        """Let what was built count as not built; who needs it builds it anew."""
        ...

    def notes(self, spec: EnvironmentSpec) -> list[str]:
        """What of the manifest this builder cannot honour, one sentence each."""
        ...

    def leftovers(self, needed: Needed) -> list[Leftover]:
        """What was built or fetched for environments that are not needed.

        Raises:
            EngineError: the engine cannot be asked.
        """
        ...

    def remove(self, leftover: Leftover) -> bool:
        """Remove a leftover; False where something still uses it."""
        ...
