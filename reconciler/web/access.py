"""Who may look and who may act."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reconciler.model.http import HttpSettings, Role, Token, is_loopback
from reconciler.web.place import PlaceOf
from reconciler.web.refusals import Refusal

_bearer = HTTPBearer(auto_error=False, description="A token of the configuration's `http.tokens`.")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_HINT = "send `Authorization: Bearer TOKEN` with a token of the configuration's `http.tokens`"
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def viewer(request: Request, place: PlaceOf, credentials: Credentials) -> Token | None:
    """Who looks; None where no token is configured, so that all may who reach us."""
    if not place.settings.tokens:
        _check_is_here(request, place.settings)
        return None
    if credentials is None:
        raise Refusal(401, "a token is needed", _HINT, _CHALLENGE)
    token = _known(place.settings, credentials.credentials)
    if token is None:
        raise Refusal(401, "the token is not known", _HINT, _CHALLENGE)
    return token


def operator(token: Annotated[Token | None, Depends(viewer)]) -> Token:
    """Who acts."""
    if token is None:
        hint = "configure one: `http: {tokens: [{name: ME, role: operator, secret: {file: PATH}}]}`"
        raise Refusal(403, "nobody may act over HTTP while no token is configured", hint)
    if token.role is not Role.OPERATOR:
        hint = "use the token of an operator, or have this one's role raised in the configuration"
        raise Refusal(403, f"{token.name} is a {token.role}, and may only look", hint)
    return token


Operator = Annotated[Token, Depends(operator)]


def _known(settings: HttpSettings, given: str) -> Token | None:
    """The token with this secret; all are compared, each in constant time."""
    found = None
    for token in settings.tokens:
        if hmac.compare_digest(token.secret.encode(), given.encode(errors="replace")):
            found = token
    return found


def _check_is_here(request: Request, settings: HttpSettings) -> None:
    """Refuse what a page of another site has a browser ask here, under a name that leads to this machine."""
    host = request.url.hostname or ""
    if settings.listen is not None and not settings.listen.path and not is_loopback(host):
        hint = "ask for `http://127.0.0.1:PORT`, or configure tokens: `http.tokens`"
        raise Refusal(403, f"without a token, this is not told under the name `{host[:100]}`", hint)
