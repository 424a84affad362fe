"""`resources:` of components and jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.manifests.fields import Reading
from reconciler.model.problems import Code, Pointer
from reconciler.model.resources import Resources, parse_size


def resources_of(document: Mapping[str, Any], reading: Reading, pointer: Pointer) -> Resources | None:
    """What a step asks for, None where it says nothing; what only means something on Azure is left alone."""
    written = document.get("resources")
    if not written:
        return None
    pointer = (*pointer, "resources")
    read = Resources(
        memory=_size(written, "memory", reading, pointer),
        cpus=written.get("cpus"),
        shared_memory=_size(written, "shm_size", reading, pointer),
        gpus=written.get("gpus", 0),
        network=written.get("network"),
    )
    return None if read == Resources() else read


def _size(written: Mapping[str, Any], key: str, reading: Reading, pointer: Pointer) -> int | None:
    if written.get(key) is None:
        return None
    if "${{" in str(written[key]):
        message = f"`{key}` is not taken from an input: nothing is asked for"
        reading.warning(Code.NO_EFFECT, message, "write the size itself", (*pointer, key))
        return None
    try:
        return parse_size(written[key])
    except ValueError:
        message = f"`{key}` is {written[key]!r}, which is not a size"
        reading.error(Code.INVALID_VALUE, message, "write a size such as `4Gi` or `512m`", (*pointer, key))
        return None
