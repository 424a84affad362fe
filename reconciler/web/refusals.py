"""Refusals and faults as problem details (RFC 9457), each with what is wrong and how to mend it."""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reconciler.model.errors import ReconcilerError, UnknownError
from reconciler.web.answers import answer

log = logging.getLogger("reconciler")
_MEDIA_TYPE = "application/problem+json"
_DESCRIPTION = "/api/v1/openapi.json"


class Refusal(HTTPException):
    """What is asked for is not done; `hint` says what to do about it."""

    def __init__(self, status: int, detail: str, hint: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.hint = hint


def problem(
    status: int, detail: str, hint: str, headers: Mapping[str, str] | None = None, errors: Sequence[Any] = ()
) -> Response:
    """A problem detail; `errors` are the single mistakes of a request that has several."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
    }
    if errors:
        body["errors"] = list(errors)
    return answer(body, status, headers, _MEDIA_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Have whatever is raised told as problem details."""
    app.exception_handler(ReconcilerError)(_cannot_be)
    app.exception_handler(RequestValidationError)(_misspoken)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(Exception)(_broken)


def _refused(_: Request, error: HTTPException) -> Response:
    hint = error.hint if isinstance(error, Refusal) else f"see {_DESCRIPTION} for what there is"
    return problem(error.status_code, str(error.detail), hint, error.headers)


def _cannot_be(_: Request, error: ReconcilerError) -> Response:
    place = f"{error.place}: " if error.place else ""
    status = 404 if isinstance(error, UnknownError) else 409
    return problem(status, f"{place}{error.message}", error.hint or "see `reconciler get`")


def _misspoken(_: Request, error: RequestValidationError) -> Response:
    errors = [
        {"where": ".".join(str(part) for part in each["loc"]), "message": each["msg"]} for each in error.errors()[:20]
    ]
    told = "; ".join(f"{each['where']}: {each['message']}" for each in errors[:3])
    return problem(422, told, f"see {_DESCRIPTION} for what is taken", errors=errors)


def _broken(request: Request, error: Exception) -> Response:
    """Starlette logs it, with the traceback, where it raises it again."""
    log.error("%s %s broke off: %s", request.method, request.url.path, type(error).__name__)
    return problem(500, "this is a fault of ours", "look into the daemon's log")
