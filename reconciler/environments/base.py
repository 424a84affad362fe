"""What a builder of environments does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """An environment with the content of its files.

    Attributes:
        digest: equal for environments that are built the same.
        conda: the parsed conda file.
        context_folder: the build context, exported from Git.
    """

    name: str
    version: str | None
    digest: str
    image: str | None = None
    conda: Mapping[str, Any] | None = None
    context_folder: Path | None = None
    dockerfile: str | None = None


class EnvironmentBuilder(Protocol):
    """Builds environments for one kind of engine."""

    def location(self, spec: EnvironmentSpec) -> str | None:
        """Where the environment is, None where it is not built or not whole."""
        ...

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        """Build the environment, or return the one there is.

        Raises:
            EnvironmentBuildError: with what failed and the last lines of the log.
        """
        ...

    def notes(self, spec: EnvironmentSpec) -> list[str]:
        """What of the manifest this builder cannot honour, one sentence each."""
        ...
