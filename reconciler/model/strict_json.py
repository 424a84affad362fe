"""JSON that every program can read: it knows neither infinities nor NaN, which are told as null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def strict_json(
    body: Any, *, indent: int | None = None, separators: tuple[str, str] | None = None, ensure_ascii: bool = False
) -> str:
    """A body as JSON; figures that are none are null."""
    try:
        return json.dumps(body, indent=indent, separators=separators, ensure_ascii=ensure_ascii, allow_nan=False)
    except ValueError:
        body = _finite(body)
        return json.dumps(body, indent=indent, separators=separators, ensure_ascii=ensure_ascii, allow_nan=False)


def _finite(body: Any) -> Any:
    if isinstance(body, float):
        return body if math.isfinite(body) else None
    if isinstance(body, Mapping):
        return {_finite(key): _finite(value) for key, value in body.items()}
    return [_finite(each) for each in body] if isinstance(body, list | tuple) else body
