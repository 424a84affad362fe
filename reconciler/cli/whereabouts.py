"""Where a verb does its work: on a state folder, or through the daemon of another machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.cli.act_told import ActTold, act_json, say_act
from reconciler.model.errors import UnreachableError, UsageError
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

if TYPE_CHECKING:
    from reconciler.cli.daemon_client import DaemonClient


@dataclass(frozen=True, slots=True)
class Server:
    """A daemon elsewhere, and the file with the token that it knows us by."""

    url: str
    token_file: Path | None = None


Where: TypeAlias = StateFolder | Server


def client_of(server: Server) -> DaemonClient:
    """A client of a daemon elsewhere.

    Raises:
        UsageError: the address is none, or the token cannot be read.
    """
    from reconciler.cli.daemon_client import at_url

    token = None
    if server.token_file is not None:
        try:
            token = server.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            told = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"the token cannot be read: {told}", place=str(server.token_file)) from error
    return at_url(server.url, token)


def daemon_of(state: State) -> DaemonClient | None:
    """A client of the daemon that runs on a state, None where none does."""
    if state.lock.owner() is None:
        return None
    from reconciler.cli.daemon_client import at_socket

    return at_socket(state.folder.socket)


def act(where: Where, path: tuple[str, ...], wish: Mapping[str, Any], directly: Callable[[State], ActTold]) -> int:
    """Have the daemon do something, or do it to the state where none runs; says what came of it.

    Args:
        path: of the act, in the API.
        directly: does it to the state. A daemon that does not answer takes notice at its next look.

    Raises:
        ReconcilerError: it cannot be done.
    """
    if isinstance(where, Server):
        return say_act(client_of(where).post(*path, wish=wish))
    state = State(where)
    try:
        daemon = daemon_of(state)
        if daemon is None:
            return say_act(act_json(directly(state)))
        try:
            return say_act(daemon.post(*path, wish=wish))
        except UnreachableError as error:
            body = act_json(directly(state))
            body["warnings"].append(f"{error.place}: {error.message}; it takes notice at its next look")
            return say_act(body)
    finally:
        state.close()
