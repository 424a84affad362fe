"""Connections: whoever opens one has to ask for something before long."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.state.local_socket import user_of_peer

FIRST_REQUEST_SECONDS = 15.0
USER = "user of the local socket"
_ROOT = 0


class Connection(H11Protocol):
    """One that is closed where its first request is not there in time, however slowly its headers trickle in."""

    local: socket.socket | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline: Any = self.loop.call_later(FIRST_REQUEST_SECONDS, self._give_up)
        ours = transport.get_extra_info("socket")
        if self.local is not None and _is_of(ours, self.local):
            user = user_of_peer(ours)
            if user not in (None, os.geteuid(), _ROOT):
                transport.abort()
                return
            self.app_state = {**self.app_state, USER: user}

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def connections_of(local: socket.socket | None) -> type[Connection]:
    """Connections that know whether they came by the socket in the state folder."""
    return type("Connection", (Connection,), {"local": local})


def _is_of(connection: Any, listening: socket.socket) -> bool:
    """Whether a connection was made to this listening socket."""
    return bool(connection.family == socket.AF_UNIX and connection.getsockname() == listening.getsockname())
