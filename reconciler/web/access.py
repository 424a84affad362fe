"""Who may look and who may act."""

from __future__ import annotations

import hmac
import pwd
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reconciler.model.http import CALLER_HEADER, HttpSettings, Role, Token, is_loopback
from reconciler.web.connections import USER
from reconciler.web.place import PlaceOf
from reconciler.web.refusals import Refusal

_bearer = HTTPBearer(auto_error=False, description="A token of the configuration's `http.tokens`.")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_HINT = "send `Authorization: Bearer TOKEN` with a token of the configuration's `http.tokens`"
_LONGEST_NAME = 200
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        by: as it is noted beside what they ask for.
    """

    name: str
    role: Role
    by: str


def viewer(request: Request, place: PlaceOf, credentials: Credentials) -> Caller | None:
    """Who looks; None where no token is configured, so that all may who reach us."""
    if USER in request.scope.get("state", {}):
        return _at_home(request)
    if not place.settings.tokens:
        _check_is_here(request, place.settings)
        return None
    if credentials is None:
        raise Refusal(401, "a token is needed", _HINT, _CHALLENGE)
    token = _known(place.settings, credentials.credentials)
    if token is None:
        raise Refusal(401, "the token is not known", _HINT, _CHALLENGE)
    return Caller(token.name, token.role, f"{token.name} over HTTP")


def operator(caller: Annotated[Caller | None, Depends(viewer)]) -> Caller:
    """Who acts."""
    if caller is None:
        hint = "configure one: `http: {tokens: [{name: ME, role: operator, secret: {file: PATH}}]}`"
        raise Refusal(403, "nobody may act over HTTP while no token is configured", hint)
    if caller.role is not Role.OPERATOR:
        hint = "use the token of an operator, or have this one's role raised in the configuration"
        raise Refusal(403, f"{caller.name} is a {caller.role}, and may only look", hint)
    return caller


Operator = Annotated[Caller, Depends(operator)]


def _at_home(request: Request) -> Caller:
    """Who comes by the socket of the state folder: the user to whom it belongs, who could write the state as well."""
    given = unquote(request.headers.get(CALLER_HEADER, ""), errors="replace")
    said = "".join(each for each in given if each.isprintable())[:_LONGEST_NAME]
    name = said or _user(request.scope["state"][USER])
    return Caller(name, Role.OPERATOR, name)


def _user(number: int | None) -> str:
    try:
        return pwd.getpwuid(number).pw_name if number is not None else "somebody"
    except KeyError:  # a container's user needs no name
        return str(number)


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
