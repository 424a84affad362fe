"""Events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from reconciler.cli.event_text import event_json
from reconciler.cli.verbs_state import EVERY, singular
from reconciler.model.events import Event
from reconciler.model.notifications import RECEIVER_KIND
from reconciler.web import openapi
from reconciler.web.access import viewer
from reconciler.web.answers import as_json
from reconciler.web.place import Place, PlaceOf
from reconciler.web.refusals import Refusal

routes = APIRouter(prefix="/api/v1", tags=["reads"], dependencies=[Depends(viewer)])
_ID = re.compile(r"[0-9]{1,18}")
_MOST = 10**18 - 1
_LOOK_SECONDS = 0.2
_SIGN_OF_LIFE_SECONDS = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@routes.get(
    "/events/stream",
    summary="Events as they happen",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Each event as JSON on a `data:` line, with an `id:` to go on from.",
            "content": {"text/event-stream": {"schema": openapi.TEXT}},
        },
        **openapi.refusals_of(401, 403, 404, 422, 503),
    },
)
async def stream(
    request: Request,
    place: PlaceOf,
    kind: Annotated[str, Query(description="Only of resources of this kind.")] = EVERY,
    name: Annotated[str | None, Query(description="Only of the resource of this name.")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=_MOST, description="Go on after this id; from now on by default.")
    ] = None,
    last_event_id: Annotated[str | None, Header(description="Likewise, as browsers say it.")] = None,
) -> Response:
    """Server-sent events, until either side ends it; where it broke off, `Last-Event-ID` goes on."""
    wanted = singular(kind, EVERY, RECEIVER_KIND)
    begin = int(last_event_id) if last_event_id and _ID.fullmatch(last_event_id) else after
    if not place.streams.acquire(blocking=False):
        raise Refusal(503, "too many listen to events already", "try again later", {"Retry-After": "5"})
    told = _told(request, place, None if wanted == EVERY else wanted, name, begin)
    return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)


async def _told(
    request: Request, place: Place, kind: str | None, name: str | None, after: int | None
) -> AsyncIterator[str]:
    try:
        told = await run_in_threadpool(place.state.events.newest) if after is None else after
        yield "retry: 2000\n\n"
        spoken, seen = time.monotonic(), -1
        while not place.is_over.is_set() and not await request.is_disconnected():
            now = await run_in_threadpool(place.state.database.version)
            for event in await run_in_threadpool(place.state.events.after, told, kind, name) if now != seen else []:
                told, spoken = event.change, time.monotonic()
                yield _written(event)
            seen = now
            if time.monotonic() - spoken > _SIGN_OF_LIFE_SECONDS:
                spoken = time.monotonic()
                yield ": nothing new\n\n"
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        place.streams.release()


def _written(event: Event) -> str:
    return f"id: {event.change}\ndata: {as_json(event_json(event))}\n\n"
