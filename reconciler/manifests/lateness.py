"""What a schedule says of firings that cannot start on time."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from reconciler.manifests.fields import Reading
from reconciler.model.durations import parse_duration
from reconciler.model.problems import Code, Pointer
from reconciler.model.schedules import CatchUp, Lateness, OnOverlap

_Choice = TypeVar("_Choice", bound=StrEnum)
_CATCH_UP, _DEADLINE, _OVERLAP = "catch_up", "starting_deadline", "on_overlap"


def lateness(document: Mapping[str, Any], reading: Reading) -> Lateness:
    """Each is a key, or `properties: {reconciler.KEY: …}`, which Azure ML accepts too."""
    catch_up = _chosen(CatchUp, CatchUp.LATEST, _CATCH_UP, document, reading)
    default = OnOverlap.QUEUE if catch_up is CatchUp.ALL else OnOverlap.SKIP
    on_overlap = _chosen(OnOverlap, default, _OVERLAP, document, reading)
    if catch_up is CatchUp.ALL and on_overlap is not OnOverlap.QUEUE:
        _, pointer = _written(_OVERLAP, document)
        message = f"`catch_up: all` leaves out no firing, `on_overlap: {on_overlap}` does"
        reading.error(Code.INVALID_VALUE, message, "take out one of the two, or write `on_overlap: queue`", pointer)
    return Lateness(catch_up, _deadline(document, reading), on_overlap)


def _written(key: str, document: Mapping[str, Any]) -> tuple[Any, Pointer]:
    """What is written for a key, None for nothing, and where."""
    if document.get(key) is not None:
        return document[key], (key,)
    name = f"reconciler.{key}"
    return (document.get("properties") or {}).get(name), ("properties", name)


def _chosen(
    choices: type[_Choice], default: _Choice, key: str, document: Mapping[str, Any], reading: Reading
) -> _Choice:
    written, pointer = _written(key, document)
    if written is None:
        return default
    found = next((choice for choice in choices if choice == str(written)), None)
    if found is None:
        hint = f"write {', '.join(f'`{choice}`' for choice in choices)}"
        reading.error(Code.INVALID_VALUE, f"`{key}` is {written!r}", hint, pointer)
    return found or default


def _deadline(document: Mapping[str, Any], reading: Reading) -> float | None:
    written, pointer = _written(_DEADLINE, document)
    if written is None:
        return None
    try:
        seconds = parse_duration(written)
    except ValueError as error:
        reading.error(Code.INVALID_VALUE, str(error), "write a number of seconds, or `30m`, `2h`, `1d`", pointer)
        return None
    if seconds == 0.0:
        message = "a deadline of no time lets nothing fire"
        reading.error(Code.INVALID_VALUE, message, "write `starting_deadline: 5m`, or leave it out", pointer)
        return None
    return seconds
