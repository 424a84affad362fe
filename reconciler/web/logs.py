"""What steps and builds printed, and what they print."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from reconciler.cli.finished_logs import FinishedLogs
from reconciler.cli.verb_logs import LogsWish, chosen_logs
from reconciler.model.errors import UnknownError, UsageError
from reconciler.web import openapi
from reconciler.web.access import viewer
from reconciler.web.answers import as_json
from reconciler.web.place import Place, PlaceOf
from reconciler.web.refusals import Refusal

if TYPE_CHECKING:
    from reconciler.cli.followed_logs import Followed

routes = APIRouter(
    prefix="/api/v1/logs",
    tags=["reads"],
    dependencies=[Depends(viewer)],
    responses=openapi.refusals_of(401, 403, 404, 422, 503),
)
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
_LOOK_SECONDS = 0.2
_SIGN_OF_LIFE_SECONDS = 10.0
_LINES_AT_ONCE = 500
What = Annotated[str, Path(description="A run, a pipeline (its newest run), or `environment`.")]
Step = Annotated[str | None, Query(description="A step, a trial such as train[2], or an environment.")]
Tail = Annotated[int | None, Query(ge=1, le=10**9, description="Only the last lines of each.")]
Since = Annotated[str | None, Query(description="Leave out what had ended by then: 15m, 2d, or a time in RFC 3339.")]


@routes.get(
    "/{what}",
    summary="What was printed",
    response_class=StreamingResponse,
    responses={200: {"description": "As `reconciler logs` prints it.", "content": {"text/plain": {}}}},
)
def logs(place: PlaceOf, what: What, step: Step = None, tail: Tail = None, since: Since = None) -> Response:
    """Logs of the steps of a run, or of an environment's build, as far as they are there."""
    chosen = _chosen(place, what, step, LogsWish(tail, since))
    assert isinstance(chosen, FinishedLogs)  # noqa: S101 - nothing is followed without a wish for it
    blocks = (f"{line.text}\n" for line in chosen.lines())
    return StreamingResponse(_joined(blocks), media_type="text/plain; charset=utf-8", headers=_HEADERS)


@routes.get(
    "/{what}/stream",
    summary="What is printed as it happens",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": 'Each line as `{"line": …}` on a `data:` line; events `note` are about the log. '
            "It ends with the run, the step or the build.",
            "content": {"text/event-stream": {"schema": openapi.TEXT}},
        }
    },
)
def stream(
    request: Request, place: PlaceOf, what: What, step: Step = None, tail: Tail = None, since: Since = None
) -> Response:
    """As `reconciler logs --follow`: server-sent events, until it is over or either side ends it."""
    chosen = _chosen(place, what, step, LogsWish(tail, since, is_following=True))
    if isinstance(chosen, FinishedLogs):
        return StreamingResponse(_joined(_finished(chosen)), media_type="text/event-stream", headers=_HEADERS)
    if not place.streams.acquire(blocking=False):
        chosen.close()
        raise Refusal(503, "too many listen already", "try again later", {"Retry-After": "5"})
    return StreamingResponse(_followed(request, place, chosen), media_type="text/event-stream", headers=_HEADERS)


def _chosen(place: Place, what: str, step: str | None, wish: LogsWish) -> FinishedLogs | Followed:
    try:
        return chosen_logs(place.state, what, step, wish)
    except UnknownError:
        raise
    except UsageError as error:
        raise Refusal(422, error.message, error.hint or "see /api/v1/runs") from None


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Many lines at once: handing each over by itself takes longer than reading it."""
    while block := "".join(islice(lines, _LINES_AT_ONCE)):
        yield block


def _finished(chosen: FinishedLogs) -> Iterator[str]:
    for line in chosen.lines():
        yield _note(line.text) if line.is_note else _line(line.text)


async def _followed(request: Request, place: Place, followed: Followed) -> AsyncIterator[str]:
    try:
        with closing(followed):
            spoken, seen = time.monotonic(), object()
            while not place.is_over.is_set() and not await request.is_disconnected():
                now = await run_in_threadpool(place.state.database.version)
                if now != seen:
                    seen = now
                    await run_in_threadpool(followed.look)
                is_last, lines = followed.is_over, followed.lines()
                while block := await run_in_threadpool(lambda: "".join(map(_line, islice(lines, _LINES_AT_ONCE)))):  # noqa: B023
                    spoken = time.monotonic()
                    yield block
                if is_last:
                    break
                if time.monotonic() - spoken > _SIGN_OF_LIFE_SECONDS:
                    spoken = time.monotonic()
                    yield ": nothing new\n\n"
                await asyncio.sleep(_LOOK_SECONDS)
            if followed.is_over and followed.note():
                yield _note(followed.note())
    finally:
        place.streams.release()


def _line(text: str) -> str:
    return f"data: {as_json({'line': text})}\n\n"


def _note(text: str) -> str:
    return f"event: note\ndata: {as_json({'note': text})}\n\n"
