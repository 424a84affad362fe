"""What operators may do: reconcile, cancel, hold still, let go of, run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from reconciler.cli import holding, pinning
from reconciler.cli.act_told import ActTold, act_json, of_one_source
from reconciler.cli.verbs_state import all_resources
from reconciler.daemon.requests import Answer, Request, Silence
from reconciler.model.asked_runs import AskedRun
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import RunStatus
from reconciler.web import openapi
from reconciler.web.access import Operator, operator
from reconciler.web.answers import answer
from reconciler.web.place import Place, PlaceOf
from reconciler.web.refusals import Refusal

routes = APIRouter(
    prefix="/api/v1",
    tags=["acts"],
    dependencies=[Depends(operator)],
    responses=openapi.refusals_of(401, 403, 404, 408, 409, 413, 422, 503, 504),
)
_NEWS_SECONDS = 5.0
PinnedKind = Annotated[str, Path(description="source, pipeline, or any where only one of them has the name")]
Patience = Annotated[float, Query(gt=0, le=600, description="Seconds that the daemon may take to answer.")]
Key = Annotated[
    str | None,
    Header(min_length=8, max_length=100, description="Of your own; asked again with it, no second run starts."),
]

_WHICH = "Which one is meant, where several have one of that name."


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReconcileWish(_Wish):
    """How a source is to be looked at."""

    refresh_images: bool = Field(default=False, description="Resolve the names of images anew.")
    confirm_prune: bool = Field(default=False, description="Apply the newest revision however much it takes away.")
    drift: bool = Field(default=False, description="Look for what differs with no new commit.")
    override: bool = Field(default=False, description="Start what is frozen too.")


class HoldWish(_Wish):
    """Why something is held still."""

    reason: str = Field(default="", max_length=500, description="Told to those who find it so.")
    source: str | None = Field(default=None, description=_WHICH)


class ResumeWish(_Wish):
    """What is to be held still no more."""

    source: str | None = Field(default=None, description=_WHICH)


class RollbackWish(_Wish):
    """Where something is to be held."""

    revision: str | None = Field(default=None, description="A commit that was applied; by default the one before.")
    reason: str = Field(default="", max_length=500, description="Told to those who find it so.")
    source: str | None = Field(default=None, description="Which one is meant, where several have the pipeline.")


class UnpinWish(_Wish):
    """What is to be let go of."""

    source: str | None = Field(default=None, description="Which one is meant, where several have the pipeline.")


class RunWish(_Wish):
    """How a pipeline is to be run once."""

    source: str | None = Field(default=None, description="Which one is meant, where several have the pipeline.")
    inputs: Mapping[str, str | int | float | bool] = Field(default={}, description="For this run alone, by input.")
    force: bool = Field(default=False, description="Run although exactly this ran before.")
    override: bool = Field(default=False, description="Run although it is suspended or frozen.")


@routes.post("/reconcile/{source}", summary="Look at a source now", responses=openapi.told(openapi.DONE))
def reconcile(
    place: PlaceOf,
    source: Annotated[str, Path(description="Name of the source.")],
    wish: ReconcileWish | None = None,
    timeout: Patience = 30.0,
) -> Response:
    """As `reconciler reconcile SOURCE`: the newest revision is applied, and failed pipelines are tried again.

    Answers once the source was looked at; runs go on.
    """
    if source not in place.loops.settings:
        names = [*place.loops.settings]
        raise Refusal(404, f"no source `{source}` is followed", did_you_mean(source, names, "see /api/v1/sources"))
    wanted = (wish or ReconcileWish()).model_dump()
    said = _asked(place, Request(source=source, **wanted), timeout)
    return answer({"source": source, "message": said.message})


@routes.post("/runs/{run_id}/cancel", summary="End a run", responses=openapi.told(openapi.BEGUN))
def cancel(
    place: PlaceOf,
    run_id: Annotated[str, Path(description="Its id, such as lending-7.")],
    timeout: Patience = 30.0,
) -> Response:
    """As `reconciler cancel RUN`. Answers once the run has been told; it is over a moment later."""
    run = place.state.runs.get(run_id)
    if run is None:
        known = [each.id for each in place.state.runs.running()]
        raise Refusal(404, f"there is no run `{run_id}`", did_you_mean(run_id, known, "see /api/v1/runs"))
    if run.status is not RunStatus.RUNNING:
        raise Refusal(409, f"{run_id} is over already: {run.status}", "there is nothing to cancel")
    said = _asked(place, Request(cancel=run_id), timeout)
    return answer({"run": run_id, "message": said.message})


@routes.post("/suspend/{kind}/{name}", summary="Hold something still", responses=openapi.told(openapi.ACT))
def suspend(
    place: PlaceOf,
    caller: Operator,
    kind: Annotated[str, Path(description="source, pipeline or schedule")],
    name: Annotated[str, Path(description="Which one.")],
    wish: HoldWish | None = None,
) -> Response:
    """As `reconciler suspend`: nothing new starts of it, what runs goes on."""
    wish = wish or HoldWish()
    given = (kind, name, wish.source, wish.reason, caller.by, place.clock())
    return _written(place, "suspend", lambda: holding.hold(place.state, *given))


@routes.post("/resume/{kind}/{name}", summary="Let go of something", responses=openapi.told(openapi.ACT))
def resume(
    place: PlaceOf,
    caller: Operator,
    kind: Annotated[str, Path(description="source, pipeline or schedule")],
    name: Annotated[str, Path(description="Which one.")],
    wish: ResumeWish | None = None,
) -> Response:
    """As `reconciler resume`: what schedules would have fired for meanwhile is passed over."""
    source = (wish or ResumeWish()).source
    given = (kind, name, source, caller.by, place.clock())
    return _written(place, "resume", lambda: holding.let_go(place.state, *given))


@routes.post("/rollback/{kind}/{name}", summary="Go back to an earlier revision", responses=openapi.told(openapi.ACT))
def rollback(
    place: PlaceOf,
    caller: Operator,
    kind: PinnedKind,
    name: Annotated[str, Path(description="Which one.")],
    wish: RollbackWish | None = None,
) -> Response:
    """As `reconciler rollback`: it is held at that revision until it is let go of."""
    wish = wish or RollbackWish()
    given = (f"{kind}/{name}", wish.revision, wish.source, wish.reason, caller.by, place.clock())
    return _written(place, "rollback", lambda: pinning.pin(place.state, *given))


@routes.post("/unpin/{kind}/{name}", summary="Let go of an earlier revision", responses=openapi.told(openapi.ACT))
def unpin(
    place: PlaceOf,
    caller: Operator,
    kind: PinnedKind,
    name: Annotated[str, Path(description="Which one.")],
    wish: UnpinWish | None = None,
) -> Response:
    """As `reconciler unpin`: what Git says counts again."""
    source = (wish or UnpinWish()).source
    given = (f"{kind}/{name}", source, caller.by, place.clock())
    return _written(place, "unpin", lambda: pinning.unpin(place.state, *given))


@routes.post("/run/{pipeline}", summary="Run a pipeline once", responses=openapi.told(openapi.BEGUN))
def run(
    place: PlaceOf,
    caller: Operator,
    pipeline: Annotated[str, Path(description="The pipeline, as the applied revision has it.")],
    wish: RunWish | None = None,
    timeout: Patience = 30.0,
    idempotency_key: Key = None,
) -> Response:
    """As `reconciler run`. Answers once the run has begun."""
    wish = wish or RunWish()
    resources = [each for each in all_resources(place.state) if each.kind == Kind.PIPELINE]
    found = [each for each in resources if each.name == pipeline]
    if not found:
        hint = did_you_mean(pipeline, [each.name for each in resources], "see /api/v1/resources?kind=pipeline")
        raise Refusal(404, f"no applied revision has a pipeline `{pipeline}`", hint)
    source = of_one_source(found, wish.source).source
    inputs = tuple((name, _as_written(value)) for name, value in wish.inputs.items())
    asked = AskedRun(pipeline, caller.by, inputs, wish.force, wish.override, idempotency_key or "")
    said = _asked(place, Request(run=asked, source=source), timeout)
    return answer({"run": said.run or None, "message": said.message})


def _asked(place: Place, request: Request, timeout_seconds: float) -> Answer:
    """What the daemon says to a request.

    Raises:
        Refusal: it says no, or nothing in time, or is about to end.
    """
    if place.loops.is_draining:
        raise Refusal(503, "the daemon is draining: it starts nothing new", "ask the next one")
    said = _said(place, request, timeout_seconds)
    if isinstance(said, Silence):
        hint = "ask again later; what was asked for is taken back, unless it was about to be done"
        if place.is_over.is_set():
            raise Refusal(503, "the daemon ended before it answered", hint)
        raise Refusal(504, f"{said.told} not answer within {timeout_seconds:g} seconds", hint)
    if not said.is_good:
        raise Refusal(409, said.message, "see `reconciler get` for how things stand")
    return said


def _said(place: Place, request: Request, timeout_seconds: float) -> Answer | Silence:
    if not place.asking.acquire(blocking=False):
        raise Refusal(503, "too many wait for the daemon already", "try again later", {"Retry-After": "5"})
    try:
        return place.loops.ask(request, timeout_seconds, place.is_over.is_set)
    finally:
        place.asking.release()


def _written(place: Place, news: str, act: Callable[[], ActTold]) -> Response:
    """What came of an act that is written into the state; the daemon hears of it, at the latest at its next look."""
    told = act()
    said = _said(place, Request(news=news, source=told.source), _NEWS_SECONDS)
    late = said.sources if isinstance(said, Silence) else said.late
    body = act_json(told)
    body["warnings"] += [f"source {each} is busy; it takes notice at its next look" for each in late]
    return answer(body)


def _as_written(value: str | float | bool) -> str:
    """As it would stand behind `--set input=`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
