"""A server of real sockets beside a daemon that is merely pretended."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from reconciler.daemon.requests import Answer, Request, Silence
from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.http import HttpSettings, Listen, Role, Token
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.web.server import Server
from reconciler.web.turns import Turns
from tests.daemon.daemon_process import until

VIEWER = Token("grafana", Role.VIEWER, "the secret of a viewer")
OPERATOR = Token("ada", Role.OPERATOR, "the secret of an operator")
ANYWHERE = Listen("127.0.0.1", 0)


@dataclass
class Loops:
    """Notes who is roused and what is asked; `reviewed` are the sources whose pull requests are."""

    settings: Mapping[str, SourceSettings] = field(
        default_factory=lambda: {"main": SourceSettings("main", "/srv/origin.git", "main")}
    )
    queued: Mapping[str, int] = field(default_factory=dict)
    hung: Sequence[str] = ()
    is_draining: bool = False
    roused: list[tuple[str, str]] = field(default_factory=list)
    reviewed: set[str] = field(default_factory=set)
    reviews: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    wait_for: threading.Event | None = None
    says: Answer | Silence = field(default_factory=lambda: Answer(True, "main@sha1:0"))

    def rouse(self, source: str, trigger: str) -> bool:
        self.roused.append((source, trigger))
        return True

    def rouse_reviews(self, source: str) -> bool:
        self.reviews.append(source)
        return source in self.reviewed

    def ask(self, request: Request, timeout_seconds: float, is_given_up: Callable[[], bool]) -> Answer | Silence:
        self.asked.append(request)
        if self.wait_for is not None:
            until(lambda: is_given_up() or self.wait_for is None or self.wait_for.is_set(), timeout_seconds)
        return self.says


@dataclass
class Serving:
    """A server, and those who ask it."""

    server: Server
    state: State
    loops: Loops
    turns: Turns
    address: str
    anybody: httpx.Client

    _known: dict[Token | None, httpx.Client] = field(default_factory=dict)

    def by(self, token: Token | None) -> httpx.Client:
        """Somebody with a token."""
        if token not in self._known:
            self._known[token] = asking(self.address, token)
        return self._known[token]


def asking(address: str, token: Token | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token.secret}"} if token else {}
    if address.startswith("unix:"):
        transport = httpx.HTTPTransport(uds=address.removeprefix("unix:"))
        return httpx.Client(base_url="http://localhost", transport=transport, headers=headers, timeout=15)
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which is not used, and takes less time to make than httpx's own
    return httpx.Client(base_url=address, headers=headers, timeout=15, trust_env=False, verify=plain)


@contextmanager
def serving(folder: Path, settings: HttpSettings, body_seconds: float = 10.0) -> Iterator[Serving]:
    """A server on a state of its own."""
    state, loops, turns = State(StateFolder(folder)), Loops(), Turns()
    said: list[str] = []
    server = Server(settings, state.folder, loops, turns, said.append, body_seconds, loops.rouse_reviews)
    try:
        with server:
            address = said[0].removeprefix("listening at ")
            with asking(address) as anybody:
                yield Serving(server, state, loops, turns, address, anybody)
    finally:
        state.close()
