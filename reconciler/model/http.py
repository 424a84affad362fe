"""How the daemon is spoken to over HTTP: where it listens, who may do what, which forges tell it of pushes."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CALLER_HEADER = "X-Reconciler-Caller"  # who asks, percent-encoded; heeded at the socket of the state folder alone
_UNIX = "unix:"
_NAMES_OF_THIS_MACHINE = ("localhost",)


class Role(StrEnum):
    """What the holder of a token may do: look, or act as well."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class Forge(StrEnum):
    """How a webhook says that it is genuine, and what it tells."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET = "bitbucket"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen at.

    Attributes:
        path: of a unix socket, "" where it is a port.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Listen:
        """An address as it is written: `127.0.0.1:8420`, `[::1]:8420`, `unix:/run/reconciler.sock`.

        Raises:
            ValueError: it is none.
        """
        if text.startswith(_UNIX):
            path = text.removeprefix(_UNIX)
            if not path.startswith("/"):
                raise ValueError(f"`{text}` names no file by its whole path")
            return cls(path=path)
        host, colon, port = text.rpartition(":")
        is_bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if is_bracketed else host
        if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
            raise ValueError(f"`{text}` is no address")
        if is_bracketed != (":" in host) or (is_bracketed and not is_address(host)):
            raise ValueError(f"`{text}` is no address")
        return cls(host, int(port))

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        return bool(self.path) or is_loopback(self.host)

    def __str__(self) -> str:
        if self.path:
            return f"{_UNIX}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_address(host: str) -> bool:
    """Whether this is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    return host in _NAMES_OF_THIS_MACHINE or (is_address(host) and ipaddress.ip_address(host).is_loopback)


@dataclass(frozen=True, slots=True)
class Token:
    """Who may do what; the name is what is noted beside what its holder asks for."""

    name: str
    role: Role
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhook of a source."""

    forge: Forge
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The daemon's HTTP.

    Attributes:
        listen: None where it does not listen.
        tokens: where there are none, only this machine may look, and nobody may act.
        hooks: by source.
    """

    listen: Listen | None = None
    tokens: tuple[Token, ...] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
