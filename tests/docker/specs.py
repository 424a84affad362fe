"""Environments to be built as images; each is one that no engine has seen before."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from reconciler.environments.base import EnvironmentSpec
from reconciler.model.digests import digest_of

from .engine import BASE, SMALL


def image_spec(image: str = SMALL, pinned: str = "") -> EnvironmentSpec:
    return EnvironmentSpec("plain", "1.0.0", _digest(image), image=image, bases={image: pinned})


def conda_spec(*pip: str, packages: tuple[str, ...] = (), image: str | None = BASE, **more: Any) -> EnvironmentSpec:
    content: dict[str, Any] = {"dependencies": ["python=3.11", "pip", *packages, {"pip": list(pip)}], **more}
    return EnvironmentSpec("tiny", "1.0.0", _digest(pip), image=image, conda=content)


def context_spec(folder: Path, dockerfile: str, name: str = "own", **files: str) -> EnvironmentSpec:
    """An environment with a Dockerfile; keyword `data` becomes the file `data.txt`."""
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(dockerfile)
    for each, text in files.items():
        (folder / f"{each}.txt").write_text(text)
    return EnvironmentSpec(
        name,
        "1.2.0",
        _digest(dockerfile),
        context_folder=folder,
        dockerfile="Dockerfile",
        source="https://example.org/loans.git",
        revision="c0ffee",
    )


def _digest(content: object) -> str:
    return digest_of([content, uuid.uuid4().hex])
