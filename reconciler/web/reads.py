"""What may be looked at: the same JSON as the command line's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from reconciler.cli.contract import plan_json, resource_json, run_json, single_run_json
from reconciler.cli.event_text import event_json
from reconciler.cli.moments import moment_since
from reconciler.cli.verb_describe import described
from reconciler.cli.verb_models import listed_models, model_json
from reconciler.cli.verbs_state import EVERY, all_resources, singular
from reconciler.model.errors import UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Judgement, Run, StepRun
from reconciler.state.store import State
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
_T = TypeVar("_T")

Limit = Annotated[int, Query(ge=1, le=1000, description="How many, of the newest.")]
NameOf = Annotated[str | None, Query(description="Only of the resource of this name.")]


@routes.get("/sources", summary="All sources", responses=openapi.told(openapi.a_list(openapi.RESOURCE)))
def sources(place: PlaceOf) -> Response:
    """How each source stands, as `reconciler get sources` tells."""
    return answer([resource_json(each) for each in all_resources(place.state) if each.kind == _SOURCE])


@routes.get("/sources/{name}", summary="One source", responses={**openapi.told(openapi.RESOURCE), **_MISSING})
def source(place: PlaceOf, name: Annotated[str, Path(description="Name of the source.")]) -> Response:
    """All that is known of a source, as `reconciler describe source` tells."""
    return answer(_found(lambda: described(place.state, _SOURCE, name)))


@routes.get("/resources", summary="All resources", responses=openapi.told(openapi.a_list(openapi.RESOURCE)) | _MISSING)
def resources(
    place: PlaceOf,
    kind: Annotated[str, Query(description="Only of this kind, such as pipeline.")] = EVERY,
    source: Annotated[str | None, Query(description="Only of this source.")] = None,
) -> Response:
    """How each resource stands, sources included, as `reconciler get` tells."""
    wanted = _found(lambda: singular(kind, EVERY))
    listed = [each for each in all_resources(place.state) if wanted in (EVERY, each.kind)]
    return answer([resource_json(each) for each in listed if source in (None, each.source)])


@routes.get("/resources/{kind}/{name}", summary="One resource", responses=openapi.told(openapi.RESOURCE) | _MISSING)
def resource(
    place: PlaceOf,
    kind: Annotated[str, Path(description="Kind of the resource, such as pipeline.")],
    name: Annotated[str, Path(description="Name of the resource.")],
) -> Response:
    """All that is known of a resource, with its history and events, as `reconciler describe` tells."""
    return answer(_found(lambda: described(place.state, singular(kind), name)))


@routes.get("/runs", summary="The newest runs", responses=openapi.told(openapi.a_list(openapi.RUN)))
def runs(
    place: PlaceOf,
    pipeline: Annotated[str | None, Query(description="Only of this pipeline.")] = None,
    limit: Limit = 20,
) -> Response:
    """Runs with their steps, the newest first, as `reconciler runs` tells."""
    return answer([run_json(run, *_parts(place.state, run)) for run in place.state.runs.recent(pipeline, limit)])


@routes.get("/runs/{run_id}", summary="One run", responses=openapi.told(openapi.RUN) | _MISSING)
def run(place: PlaceOf, run_id: Annotated[str, Path(description="Its id, such as lending-7.")]) -> Response:
    """A run with its steps and what its references were resolved to."""
    found = place.state.runs.get(run_id)
    if found is None:
        known = [each.id for each in place.state.runs.recent(limit=200)]
        raise Refusal(404, f"there is no run `{run_id}`", did_you_mean(run_id, known, "see /api/v1/runs"))
    return answer(single_run_json(found, *_parts(place.state, found)))


@routes.get("/events", summary="What happened lately", responses=openapi.told(openapi.a_list(openapi.EVENT)) | _WRONG)
def events(
    place: PlaceOf,
    kind: Annotated[str, Query(description="Only of resources of this kind.")] = EVERY,
    name: NameOf = None,
    source: Annotated[str | None, Query(description="Only of this source.")] = None,
    since: Annotated[str | None, Query(description="Only since then: 15m, 2d, or a time in RFC 3339.")] = None,
    limit: Limit = 100,
) -> Response:
    """Events, the oldest first, as `reconciler events` tells."""
    wanted = _found(lambda: singular(kind, EVERY))
    try:
        moment = moment_since(since, time.time()) if since else 0.0
    except UsageError as error:
        raise Refusal(422, error.message, error.hint or "") from None
    found = place.state.events.recent(None if wanted == EVERY else wanted, name, source, moment, limit)
    return answer([event_json(each) for each in found])


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
        raise Refusal(404, f"no revision of a source `{source}` was taken up yet", "see /api/v1/sources")
    return answer({"source": source, **plan_json(found)})


@routes.get("/models", summary="All registered models", responses=openapi.told(openapi.a_list(openapi.MODEL)))
def models(place: PlaceOf) -> Response:
    """The versions of models, the newest first, as `reconciler models` tells."""
    return answer([model_json(*each) for each in listed_models(place.state)])


@routes.get(
    "/models/{name}",
    summary="The versions of a model",
    responses=openapi.told(openapi.a_list(openapi.MODEL)) | _MISSING,
)
def model(place: PlaceOf, name: Annotated[str, Path(description="Name of the model.")]) -> Response:
    """The versions of one model, the newest first."""
    found = [model_json(*each) for each in listed_models(place.state, name)]
    if not found:
        hint = did_you_mean(name, place.state.runs.model_names(), "see /api/v1/models")
        raise Refusal(404, f"no run has registered a model `{name}`", hint)
    return answer(found)


def _parts(state: State, run: Run) -> tuple[list[StepRun], list[Judgement]]:
    return state.runs.steps(run.id), state.model_registry.judgements(run.id)


def _found(look: Callable[[], _T]) -> _T:
    """What is looked for.

    Raises:
        Refusal: there is no such thing.
    """
    try:
        return look()
    except UsageError as error:
        raise Refusal(404, error.message, error.hint or "see /api/v1/resources") from None
