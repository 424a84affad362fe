"""Whether the daemon lives, and whether it is ready."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from reconciler.web import openapi
from reconciler.web.answers import answer
from reconciler.web.place import PlaceOf
from reconciler.web.refusals import problem

routes = APIRouter(tags=["health"])
_STATUS = openapi.told(openapi.an_object("How it is.", status=openapi.TEXT), "All is well.")


@routes.get("/healthz", summary="Whether the process lives", responses=_STATUS)
async def healthz() -> Response:
    """Answers as long as the process does; no token is needed."""
    return answer({"status": "ok"})


@routes.get("/readyz", summary="Whether the daemon is ready", responses=_STATUS | openapi.refusals_of(503))
async def readyz(place: PlaceOf) -> Response:
    """Whether every source was looked at once, no loop is stuck and none is to end.

    No token is needed, so that no name is told.
    """
    sources = place.loops.settings
    waiting, hung = place.turns.waited_for(sources), place.loops.hung
    if place.is_over.is_set():
        return problem(503, "the daemon is ending", "ask the next one")
    if place.loops.is_draining:
        return problem(503, "the daemon is draining: it starts nothing new", "ask the next one")
    if waiting:
        return problem(503, f"{len(waiting)} of {len(sources)} sources were not looked at yet", "wait a little")
    if hung:
        hint = "see `reconciler get sources` and the daemon's log; a restart loses nothing"
        return problem(503, f"the loops of {len(hung)} of {len(sources)} sources are stuck", hint)
    return answer({"status": "ok"})
