"""What operators may do: reconcile, cancel, hold still, let go of, run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from reconciler.cli.contract import resource_json
from reconciler.cli.verbs_state import all_resources, singular
from reconciler.daemon.requests import Answer, Requests
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import UsageError
from reconciler.model.http import Token
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import RunStatus
from reconciler.model.status import Resource
from reconciler.model.suspensions import SOURCE
from reconciler.web import openapi
from reconciler.web.access import Operator, operator
from reconciler.web.answers import answer
from reconciler.web.place import Place, PlaceOf
from reconciler.web.refusals import Refusal

routes = APIRouter(
    prefix="/api/v1",
    tags=["acts"],
    dependencies=[Depends(operator)],
    responses=openapi.refusals_of(401, 403, 404, 409, 422, 504),
)
_KINDS = (SOURCE, Kind.PIPELINE, Kind.SCHEDULE)
_PATIENCE_SECONDS = 30.0


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


class RunWish(_Wish):
    """How a pipeline is to be run once."""

    inputs: Mapping[str, str | int | float | bool] = Field(default={}, description="For this run alone, by input.")
    force: bool = Field(default=False, description="Run although exactly this ran before.")
    override: bool = Field(default=False, description="Run although it is suspended or frozen.")


@routes.post("/reconcile/{source}", summary="Look at a source now", responses=openapi.told(openapi.DONE))
def reconcile(
    place: PlaceOf, source: Annotated[str, Path(description="Name of the source.")], wish: ReconcileWish | None = None
) -> Response:
    """As `reconciler reconcile SOURCE`: the newest revision is applied, and failed pipelines are tried again.

    Answers once the source was looked at; runs go on.
    """
    if source not in place.loops.settings:
        names = [*place.loops.settings]
        raise Refusal(404, f"no source `{source}` is followed", did_you_mean(source, names, "see /api/v1/sources"))
    wanted = (wish or ReconcileWish()).model_dump()
    said = _asked(place, lambda requests: requests.ask(source=source, **wanted))
    return answer({"source": source, "message": said.message})


@routes.post("/runs/{run_id}/cancel", summary="End a run", responses=openapi.told(openapi.BEGUN))
def cancel(place: PlaceOf, run_id: Annotated[str, Path(description="Its id, such as lending-7.")]) -> Response:
    """As `reconciler cancel RUN`. Answers once the run has been told; it is over a moment later."""
    run = place.state.runs.get(run_id)
    if run is None:
        known = [each.id for each in place.state.runs.running()]
        raise Refusal(404, f"there is no run `{run_id}`", did_you_mean(run_id, known, "see /api/v1/runs"))
    if run.status is not RunStatus.RUNNING:
        raise Refusal(409, f"{run_id} is over already: {run.status}", "there is nothing to cancel")
    said = _asked(place, lambda requests: requests.ask(cancel=run_id))
    return answer({"run": run_id, "message": said.message})


@routes.post("/suspend/{kind}/{name}", summary="Hold something still", responses=openapi.told(openapi.HELD))
def suspend(
    place: PlaceOf,
    token: Operator,
    kind: Annotated[str, Path(description="source, pipeline or schedule")],
    name: Annotated[str, Path(description="Which one.")],
    wish: HoldWish | None = None,
) -> Response:
    """As `reconciler suspend`, in each source that has it: nothing new starts of it, what runs goes on."""
    reason = " ".join((wish or HoldWish()).reason.split())
    found = _named(place, kind, name)
    for each in found:
        place.state.suspensions.suspend(each.source, str(each.kind), name, _by(token), reason, place.clock())
    return _held(place, found, "suspend", "suspended")


@routes.post("/resume/{kind}/{name}", summary="Let go of something", responses=openapi.told(openapi.HELD))
def resume(
    place: PlaceOf,
    kind: Annotated[str, Path(description="source, pipeline or schedule")],
    name: Annotated[str, Path(description="Which one.")],
) -> Response:
    """As `reconciler resume`: what schedules would have fired for meanwhile is passed over."""
    found = _named(place, kind, name)
    for each in found:
        if each.suspension is not None:
            place.state.suspensions.resume(each.source, str(each.kind), name, place.clock())
    return _held(place, found, "resume", "resumed")


@routes.post("/run/{pipeline}", summary="Run a pipeline once", responses=openapi.told(openapi.BEGUN))
def run(
    place: PlaceOf,
    token: Operator,
    pipeline: Annotated[str, Path(description="The pipeline, as the applied revision has it.")],
    wish: RunWish | None = None,
) -> Response:
    """As `reconciler run`. Answers once the run has begun."""
    wish = wish or RunWish()
    resources = [each for each in all_resources(place.state) if each.kind == Kind.PIPELINE]
    source = next((each.source for each in resources if each.name == pipeline), None)
    if source is None:
        hint = did_you_mean(pipeline, [each.name for each in resources], "see /api/v1/resources?kind=pipeline")
        raise Refusal(404, f"no applied revision has a pipeline `{pipeline}`", hint)
    inputs = tuple((name, _written(value)) for name, value in wish.inputs.items())
    asked = AskedRun(pipeline, _by(token), inputs, wish.force, wish.override)
    said = _asked(place, lambda requests: requests.ask(run=asked, source=source))
    return answer({"run": said.run or None, "message": said.message})


def _asked(place: Place, ask: Callable[[Requests], str]) -> Answer:
    """What the daemon says to a request.

    Raises:
        Refusal: it says no, or nothing in time.
    """
    requests = Requests(place.state.folder.requests)
    said = requests.wait(ask(requests), _PATIENCE_SECONDS, place.is_over.is_set)
    if said is None:
        hint = "ask again later; what was asked for is taken back, unless the daemon was about to do it"
        raise Refusal(504, f"the daemon did not answer within {_PATIENCE_SECONDS:g} seconds", hint)
    if not said.is_good:
        raise Refusal(409, said.message, "see `reconciler get` for how things stand")
    return said


def _named(place: Place, kind: str, name: str) -> list[Resource]:
    """What goes by that kind and name, in each source."""
    try:
        wanted = singular(kind)
    except UsageError as error:
        raise Refusal(404, error.message, error.hint or "") from None
    if wanted not in _KINDS:
        raise Refusal(422, f"nothing starts of a {wanted}, so it cannot be suspended", f"name a {', a '.join(_KINDS)}")
    resources = [each for each in all_resources(place.state) if each.kind == wanted]
    found = [each for each in resources if each.name == name]
    if not found:
        hint = did_you_mean(name, [each.name for each in resources], f"see /api/v1/resources?kind={wanted}")
        raise Refusal(404, f"there is no {wanted} `{name}`", hint)
    return found


def _held(place: Place, found: list[Resource], news: str, told: str) -> Response:
    """How things stand now; the daemon hears of it, at the latest at its next look."""
    requests = Requests(place.state.folder.requests)
    requests.wait(requests.ask(news=news), _PATIENCE_SECONDS, place.is_over.is_set)
    now = {(each.source, each.kind, each.name): each for each in all_resources(place.state)}
    resources = [now.get((each.source, each.kind, each.name), each) for each in found]
    in_git = [each.source for each in resources if told == "resumed" and each.is_suspended]
    message = f"{told}, but `suspended: true` in the manifest holds it still" if in_git else told
    return answer({"message": message, "resources": [resource_json(each) for each in resources]})


def _by(token: Token) -> str:
    return f"{token.name} over HTTP"


def _written(value: str | float | bool) -> str:
    """As it would stand behind `--set input=`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
