"""`suspended: true`: a pipeline or a schedule that Git holds still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.manifests.fields import Reading
from reconciler.model.problems import Code

_SUSPENDED = "reconciler.suspended"


def is_suspended(document: Mapping[str, Any], reading: Reading) -> bool:
    """`suspended`, or `properties: {reconciler.suspended: "true"}`, which Azure ML accepts too."""
    written = document.get("suspended")
    if written is None:
        written = (document.get("properties") or {}).get(_SUSPENDED)
    said = "false" if written is None else str(written).lower()
    if said not in ("true", "false"):
        message = f"`{_SUSPENDED}` is {written!r}"
        reading.error(Code.INVALID_VALUE, message, 'write "true" or "false"', ("properties", _SUSPENDED))
    return said == "true"
