"""Webhooks: a forge tells of a push or a pull request, and the source's loop or its reviews look at once."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Path, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.http import Forge, Hook
from reconciler.web import forges
from reconciler.web.answers import answer
from reconciler.web.openapi import refusals_of
from reconciler.web.place import Place, PlaceOf
from reconciler.web.refusals import Refusal

routes = APIRouter(tags=["webhooks"])
_NOBODY = Hook(Forge.GITHUB, secrets.token_hex(32))  # stands in where there is none: it takes as long to refuse


@routes.post(
    "/hooks/{source}",
    status_code=202,
    summary="Tell of a push",
    response_description="The source is looked at now, or nothing that it follows was pushed.",
    responses=refusals_of(400, 401, 404, 408, 409, 413),
)
async def hook(request: Request, place: PlaceOf, source: str = Path(description="Name of the source.")) -> Response:
    """What forges call: GitHub, GitLab, Gitea and Forgejo, Bitbucket, or anybody with a signature or a token."""
    try:
        body = await request.body()
    except ClientDisconnect:
        raise Refusal(400, "the body broke off", "send it again") from None
    known = place.settings.hooks.get(source)
    settings = place.loops.settings.get(source)
    given = known or _NOBODY
    is_genuine = forges.is_genuine(given, request.headers, body)
    if known is None or settings is None:
        hint = "name a followed source, and give it a hook in the configuration: `hooks: {SOURCE: {type, secret}}`"
        raise Refusal(404, "there is no such hook", hint)
    if not is_genuine:
        hint = "give the forge the secret of the configuration's `hooks:`, and choose there the type of the forge"
        raise Refusal(401, "the signature or the token is missing or wrong", hint, {"WWW-Authenticate": "Bearer"})
    return _taken(place, settings, known.forge, request.headers, body)


def _seen(source: str, forge: Forge) -> Response:
    """What is said to a delivery that was seen before.

    A refusal tells whoever repeats it to stop. But GitLab repeats deliveries whose answer was lost, and switches a
    webhook off for good after a few refusals.

    Raises:
        Refusal: to all but GitLab.
    """
    if forge is Forge.GITLAB:
        return answer({"result": "ignored", "source": source, "why": "this was delivered before"}, 202)
    raise Refusal(409, "this was delivered before", "nothing is to be done: the source was looked at then")


def _of_reviews(place: Place, source: str, forge: Forge, headers: forges.Headers, body: bytes) -> Response:
    """Have pull requests looked at; what the delivery says of them counts for nothing, the forge itself is asked."""
    if not place.deliveries.take(source, forges.marks(forge, headers, body), place.clock()):
        return _seen(source, forge)
    if not place.rouse_reviews(source):
        why = "its pull requests are not reviewed here: the source has no `pull_requests:`"
        return answer({"result": "ignored", "source": source, "why": why}, 202)
    return answer({"result": "looking", "source": source}, 202)


def _taken(place: Place, settings: SourceSettings, forge: Forge, headers: forges.Headers, body: bytes) -> Response:
    """What comes of a delivery that is genuine."""
    source, followed = settings.name, settings.followed
    if forges.is_ping(forge, headers):
        return answer({"result": "pong", "source": source})
    if forges.is_of_reviews(forge, headers):
        return _of_reviews(place, source, forge, headers, body)
    if not forges.is_push(forge, headers):
        why = f"`{forges.event(forge, headers)[:100]}` is no push"
        return answer({"result": "ignored", "source": source, "why": why}, 202)
    try:
        refs = forges.refs(forge, headers, body)
    except ValueError:
        raise Refusal(400, "the body is no JSON", "have the forge send `application/json`") from None
    if not place.deliveries.take(source, forges.marks(forge, headers, body), place.clock()):
        return _seen(source, forge)
    if refs and not any(forges.concerns(followed, ref) for ref in refs):
        why = f"{followed.told} is followed, not {refs[0][:200]}"
        return answer({"result": "ignored", "source": source, "why": why}, 202)
    place.loops.rouse(source, f"webhook {forge} push")
    return answer({"result": "looking", "source": source}, 202)
