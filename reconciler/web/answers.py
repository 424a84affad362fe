"""Answers in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from reconciler.model.strict_json import strict_json

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def answer(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """A body as JSON; in ASCII, for names of files may hold bytes that are no text."""
    content = as_json(body)
    return Response(content, status, headers={**_HEADERS, **(headers or {})}, media_type=media_type)


def as_json(body: Any) -> str:
    """JSON on one line."""
    return strict_json(body, separators=(",", ":"), ensure_ascii=True)
