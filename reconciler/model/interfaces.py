"""What a version promises to those who use it, and the text that is kept to compare a later version with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.digests import canonical
from reconciler.model.manifests import Scalar


@dataclass(frozen=True, slots=True)
class PromisedInput:
    """An input that may be given.

    Attributes:
        type: "" where it is not said.
        is_optional: it may be left out, for it is optional or has a default.
        enum: the values that are taken, all of them where it is empty.
    """

    type: str
    is_optional: bool = False
    enum: tuple[Scalar, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class PortsInterface:
    """The inputs and outputs of a component, a pipeline component or a pipeline; outputs with their types."""

    inputs: Mapping[str, PromisedInput] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnvironmentInterface:
    """What code finds in an environment.

    Attributes:
        python: `3.11` or a range, None where it is not said.
        packages: what each is pinned to, as `==1.5.3` or ""; None where a file that names them cannot be read.
        images: the names of the images that it builds on.
    """

    python: str | None = None
    packages: Mapping[str, str] | None = field(default_factory=dict)
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableInterface:
    """The columns of tabular data with their types, "" for one without values."""

    columns: Mapping[str, str]


Interface = PortsInterface | EnvironmentInterface | TableInterface


def interface_text(interface: Interface | None) -> str:
    """An interface as canonical JSON, "" where nothing is known; what an input does not use is not in it."""
    match interface:
        case None:
            return ""
        case PortsInterface(inputs, outputs):
            written = {name: _input_written(each) for name, each in inputs.items()}
            return canonical({"inputs": written, "outputs": dict(outputs)})
        case EnvironmentInterface(python, packages, images):
            known = None if packages is None else dict(packages)
            return canonical({"python": python, "packages": known, "images": list(images)})
        case TableInterface(columns):
            return canonical({"columns": dict(columns)})


def interface_from_text(text: str) -> Interface | None:
    """The interface that a text was made from; None for "" and for what is no such text."""
    try:
        written = json.loads(text)
        if "columns" in written:
            return TableInterface(dict(written["columns"]))
        if "packages" in written:
            packages = written["packages"]
            return EnvironmentInterface(
                written["python"], None if packages is None else dict(packages), tuple(written["images"])
            )
        inputs = {name: _input_read(each) for name, each in written["inputs"].items()}
        return PortsInterface(inputs, dict(written["outputs"]))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def _input_written(promised: PromisedInput) -> list[object]:
    limits: dict[str, object] = {}
    if promised.enum:
        limits["enum"] = sorted(promised.enum, key=canonical)  # the order in which they are written promises nothing
    if promised.minimum is not None:
        limits["min"] = promised.minimum
    if promised.maximum is not None:
        limits["max"] = promised.maximum
    return [promised.type, promised.is_optional, *([limits] if limits else [])]


def _input_read(written: list[Any]) -> PromisedInput:
    limits = written[2] if len(written) > 2 else {}
    enum = tuple(limits.get("enum", ()))
    return PromisedInput(written[0], written[1], enum, limits.get("min"), limits.get("max"))
