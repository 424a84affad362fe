"""Which Docker engine there is: looked for without the SDK, whose import takes a quarter of a second."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SYSTEM_SOCKET = Path("/var/run/docker.sock")
_UNIX = "unix://"
_SECONDS = 3.0
_PORT = 2375


@dataclass(frozen=True, slots=True)
class FoundEngine:
    """Where an engine was looked for, and what came of it.

    Attributes:
        host: its address, "" where there is none to try.
        named_by: what names the address.
        version: what it answers with, "" where it does not answer.
        error: why it does not.
    """

    host: str
    named_by: str
    version: str = ""
    error: str = ""

    @property
    def answers(self) -> bool:
        return bool(self.version)


def find_engine(chosen: str, variables: Mapping[str, str], system_socket: Path = SYSTEM_SOCKET) -> FoundEngine:
    """The engine that the configuration or `$DOCKER_HOST` names, else the one behind the first usual socket."""
    if chosen:
        return _asked(chosen, "docker.host of the configuration")
    if variables.get("DOCKER_HOST"):
        return _asked(variables["DOCKER_HOST"], "$DOCKER_HOST")
    sockets = [system_socket, *_sockets_of_users(variables)]
    found = FoundEngine("", "", error=f"there is no socket at {', '.join(map(str, sockets))}")
    for path in sockets:
        if _is_there(path):
            found = _asked(f"{_UNIX}{path}", "the usual place")
            if found.answers:
                return found
    return found


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a folder that we may not enter
        return False


def _sockets_of_users(variables: Mapping[str, str]) -> Iterator[Path]:
    if variables.get("XDG_RUNTIME_DIR"):
        yield Path(variables["XDG_RUNTIME_DIR"]) / "docker.sock"
    if variables.get("HOME"):
        yield Path(variables["HOME"]) / ".docker" / "run" / "docker.sock"


def _asked(host: str, named_by: str) -> FoundEngine:
    try:
        return FoundEngine(host, named_by, version=_version(host))
    except PermissionError:
        return FoundEngine(host, named_by, error="permission denied: the user is not in the socket's group")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return FoundEngine(host, named_by, error=_why(error))


def _why(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror).lower() if strerror else str(error)


def _version(host: str) -> str:
    """What the engine says of itself when it is pinged."""
    connection = _UnixConnection(host.removeprefix(_UNIX)) if host.startswith(_UNIX) else _TcpConnection(host)
    try:
        connection.request("GET", "/_ping")
        answer = connection.getresponse()
        answer.read()
        version = answer.getheader("Api-Version")
        if answer.status != http.client.OK or not version:
            raise ValueError(f"it answers with {answer.status} {answer.reason}, which no Docker engine does")
        return f"API {version}"
    finally:
        connection.close()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP through a socket in the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


class _TcpConnection(http.client.HTTPConnection):
    """HTTP to `tcp://host:port`."""

    def __init__(self, host: str) -> None:
        scheme, _, address = host.partition("://")
        if scheme not in ("tcp", "http"):
            raise ValueError(f"addresses of the kind `{host}` are not known: name unix:// or tcp://")
        name, _, port = address.rstrip("/").partition(":")
        super().__init__(name, int(port or _PORT), timeout=_SECONDS)
