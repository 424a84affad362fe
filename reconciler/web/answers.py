"""Answers in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from reconciler.cli.contract import finite

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def answer(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """A body as JSON; in ASCII, for names of files may hold bytes that are no text."""
    content = as_json(body)
    return Response(content, status, headers={**_HEADERS, **(headers or {})}, media_type=media_type)


def as_json(body: Any) -> str:
    """JSON on one line, which knows no infinities."""
    try:
        return json.dumps(body, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(body), separators=(",", ":"))


def _finite(body: Any) -> Any:
    if isinstance(body, float):
        return finite(body)
    if isinstance(body, Mapping):
        return {key: _finite(value) for key, value in body.items()}
    return [_finite(each) for each in body] if isinstance(body, list | tuple) else body
