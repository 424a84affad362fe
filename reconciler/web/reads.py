"""What may be looked at: the same JSON as the command line's."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from reconciler.cli.contract import plan_json
from reconciler.cli.moments import moment_since
from reconciler.cli.reads import StateReads
from reconciler.cli.verbs_state import EVERY, resources_json, singular
from reconciler.model.errors import UnknownError, UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.model.notifications import RECEIVER_KIND
from reconciler.web import openapi
from reconciler.web.access import viewer
from reconciler.web.answers import answer
from reconciler.web.place import PlaceOf
from reconciler.web.refusals import Refusal

routes = APIRouter(
    prefix="/api/v1", tags=["reads"], dependencies=[Depends(viewer)], responses=openapi.refusals_of(401, 403)
)
_MISSING = openapi.refusals_of(404)
_WRONG = openapi.refusals_of(422)
_SOURCE = "source"

Limit = Annotated[int, Query(ge=1, le=1000, description="How many, of the newest.")]
NameOf = Annotated[str | None, Query(description="Only of the resource of this name.")]
Target = Annotated[str, Path(description="A run, or a pipeline, which means its newest run.")]
History = Annotated[int, Query(ge=0, le=1000, description="How much of its history and of its events, the newest.")]


@routes.get("/sources", summary="All sources", responses=openapi.told(openapi.a_list(openapi.RESOURCE)))
def sources(place: PlaceOf) -> Response:
    """How each source stands, as `reconciler get sources` tells."""
    return answer(resources_json(place.state, _SOURCE))


@routes.get("/sources/{name}", summary="One source", responses={**openapi.told(openapi.DESCRIPTION), **_MISSING})
def source(
    place: PlaceOf, name: Annotated[str, Path(description="Name of the source.")], history: History = 10
) -> Response:
    """All that is known of a source, as `reconciler describe source` tells."""
    return answer(StateReads(place.state).described(_SOURCE, name, history))


@routes.get("/resources", summary="All resources", responses=openapi.told(openapi.a_list(openapi.RESOURCE)) | _MISSING)
def resources(
    place: PlaceOf,
    kind: Annotated[str, Query(description="Only of this kind, such as pipeline.")] = EVERY,
    name: NameOf = None,
    source: Annotated[str | None, Query(description="Only of this source.")] = None,
) -> Response:
    """How each resource stands, sources included, as `reconciler get` tells."""
    return answer(resources_json(place.state, singular(kind, EVERY), name, source))


@routes.get("/resources/{kind}/{name}", summary="One resource", responses=openapi.told(openapi.DESCRIPTION) | _MISSING)
def resource(
    place: PlaceOf,
    kind: Annotated[str, Path(description="Kind of the resource, such as pipeline.")],
    name: Annotated[str, Path(description="Name of the resource.")],
    history: History = 10,
) -> Response:
    """All that is known of a resource, with its history and events, as `reconciler describe` tells."""
    return answer(StateReads(place.state).described(singular(kind), name, history))


@routes.get(
    "/resources/{kind}/{name}/history",
    summary="The history of a resource",
    responses=openapi.told(openapi.a_list(openapi.HISTORY)) | _MISSING,
)
def history(
    place: PlaceOf,
    kind: Annotated[str, Path(description="Kind of the resource, such as pipeline.")],
    name: Annotated[str, Path(description="Name of the resource.")],
    limit: Limit = 100,
) -> Response:
    """What came of it over time, each content once for each thing that came of it, the newest first."""
    return answer(StateReads(place.state).described(singular(kind), name, limit)["history"])


@routes.get("/runs", summary="The newest runs", responses=openapi.told(openapi.a_list(openapi.RUN)) | _MISSING)
def runs(
    place: PlaceOf,
    pipeline: Annotated[str | None, Query(description="Only of this pipeline.")] = None,
    of: Annotated[
        str | None, Query(description="A pipeline that is known, or a run, which is then alone; refused where neither.")
    ] = None,
    limit: Limit = 20,
) -> Response:
    """Runs with their steps, the newest first, as `reconciler runs` tells."""
    if pipeline is not None and not place.state.runs.recent(pipeline, 1):
        return answer([])
    return answer(StateReads(place.state).runs(pipeline or of, limit))


@routes.get("/runs/{run_id}", summary="One run", responses=openapi.told(openapi.RUN) | _MISSING)
def run(place: PlaceOf, run_id: Annotated[str, Path(description="Its id, such as lending-7.")]) -> Response:
    """A run with its steps and what its references were resolved to."""
    if place.state.runs.get(run_id) is None:
        known = [each.id for each in place.state.runs.recent(limit=200)]
        raise Refusal(404, f"there is no run `{run_id}`", did_you_mean(run_id, known, "see /api/v1/runs"))
    [found] = StateReads(place.state).runs(run_id, 1)
    return answer(found)


@routes.get(
    "/runs/{run_id}/description", summary="All of a run", responses=openapi.told(openapi.RUN_DESCRIPTION) | _MISSING
)
def run_description(place: PlaceOf, run_id: Annotated[str, Path(description="Its id, such as lending-7.")]) -> Response:
    """A run with its models and what fired it, as `reconciler describe RUN` tells."""
    return answer(StateReads(place.state).described_run(run_id))


@routes.get("/tree/{target}", summary="A run as a tree", responses=openapi.told(openapi.TREE) | _MISSING)
def tree(place: PlaceOf, target: Target) -> Response:
    """The steps of a run, what each reads and comes after, as `reconciler tree` tells."""
    return answer(StateReads(place.state).tree(target))


@routes.get("/trace", summary="Where something comes from", responses=openapi.told(openapi.TRACE) | _MISSING)
def trace(
    place: PlaceOf,
    target: Annotated[
        str, Query(description="A pipeline, a run, RUN/STEP, PIPELINE/STEP, a model, MODEL@ALIAS or MODEL:1.4.0.")
    ],
) -> Response:
    """From a model, a run or a step back to the commit, the versions and the data, as `reconciler trace` tells."""
    return answer(StateReads(place.state).trace(target))


@routes.get(
    "/events",
    summary="What happened lately",
    responses=openapi.told(openapi.a_list(openapi.EVENT)) | _MISSING | _WRONG,
)
def events(
    place: PlaceOf,
    kind: Annotated[str, Query(description="Only of resources of this kind.")] = EVERY,
    name: NameOf = None,
    source: Annotated[str | None, Query(description="Only of this source.")] = None,
    since: Annotated[str | None, Query(description="Only since then: 15m, 2d, or a time in RFC 3339.")] = None,
    limit: Limit = 100,
) -> Response:
    """Events, the oldest first, as `reconciler events` tells."""
    wanted = singular(kind, EVERY, RECEIVER_KIND)
    try:
        moment = moment_since(since, time.time()) if since else 0.0
    except UsageError as error:
        raise Refusal(422, error.message, error.hint or "") from None
    return answer(StateReads(place.state).events(None if wanted == EVERY else wanted, name, moment, limit, source))


@routes.get("/plans", summary="Plans of the applied revisions", responses=openapi.told(openapi.a_list(openapi.PLAN)))
def plans(place: PlaceOf) -> Response:
    """With what plan each source's applied revision was taken up, each with its `source`."""
    found = {name: place.turns.plan(name) for name in place.loops.settings}
    return answer([{"source": name, **plan_json(plan)} for name, plan in found.items() if plan is not None])


@routes.get("/plans/{source}", summary="The plan of a source", responses=openapi.told(openapi.PLAN) | _MISSING)
def plan(place: PlaceOf, source: Annotated[str, Path(description="Name of the source.")]) -> Response:
    """With what plan the applied revision was taken up, in the form of `reconciler plan`."""
    found = place.turns.plan(source) if source in place.loops.settings else None
    if found is None:
        raise UnknownError(f"no revision of a source `{source}` was taken up yet", hint="see /api/v1/sources")
    return answer({"source": source, **plan_json(found)})


@routes.get("/models", summary="All registered models", responses=openapi.told(openapi.a_list(openapi.MODEL)))
def models(place: PlaceOf) -> Response:
    """The versions of models, the newest first, as `reconciler models` tells."""
    return answer(StateReads(place.state).models(None))


@routes.get(
    "/models/{name}",
    summary="The versions of a model",
    responses=openapi.told(openapi.a_list(openapi.MODEL)) | _MISSING,
)
def model(place: PlaceOf, name: Annotated[str, Path(description="Name of the model.")]) -> Response:
    """The versions of one model, the newest first."""
    return answer(StateReads(place.state).models(name))
