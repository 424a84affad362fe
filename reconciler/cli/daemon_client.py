"""Speaking to a daemon in HTTP: by the socket in its state folder, or over the network."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from reconciler.cli.person import caller
from reconciler.model.errors import RefusedError, UnreachableError, UsageError
from reconciler.model.http import CALLER_HEADER, is_loopback
from reconciler.state.local_socket import connected

_API = "/api/v1/"
_GRACE_SECONDS = 20.0  # the daemon may have to import what answers first
_UNIX = "unix:"
_WHO_HINT = "name a file with a token of the daemon's `http.tokens`: `--token-file FILE`, or $RECONCILER_TOKEN_FILE"


class DaemonClient:
    """Asks one daemon. Each question has a connection of its own, so that any thread may ask.

    Args:
        told: how the daemon is called in what people read.
        connection: makes a connection, given how many seconds an answer may take.
        headers: sent with each question.
        hint: what to do where it does not answer.
    """

    def __init__(
        self,
        told: str,
        connection: Callable[[float], http.client.HTTPConnection],
        headers: Mapping[str, str],
        hint: str,
    ) -> None:
        self._told = told
        self._connection = connection
        self._headers = dict(headers)
        self._hint = hint

    def get(self, *path: str, **query: object) -> Any:
        """What the daemon tells.

        Raises:
            RefusedError: it does not tell it.
            UnreachableError: it does not answer.
        """
        return self._asked("GET", _address(path, query), None, 0.0)

    def post(self, *path: str, wish: Mapping[str, Any] | None = None, timeout_seconds: float | None = None) -> Any:
        """What came of something that the daemon is to do.

        Args:
            timeout_seconds: how long it may take, where it waits for something.

        Raises:
            RefusedError: it does not do it.
            UnreachableError: it does not answer.
        """
        query = {} if timeout_seconds is None else {"timeout": timeout_seconds}
        return self._asked("POST", _address(path, query), json.dumps(wish or {}), timeout_seconds or 0.0)

    @contextmanager
    def lines(self, *path: str, **query: object) -> Iterator[Iterator[str]]:
        """The lines that the daemon tells until it has no more to tell.

        Raises:
            RefusedError: it does not tell it.
            UnreachableError: it does not answer, or not any more.
        """
        connection = self._connection(_GRACE_SECONDS)
        try:
            with self._whole():
                connection.request("GET", _address(path, query), headers=self._headers)
                response = connection.getresponse()
                if response.status != http.client.OK:
                    raise self._refusal(response.status, response.read())
            yield self._read(response)
        finally:
            connection.close()

    def _read(self, response: http.client.HTTPResponse) -> Iterator[str]:
        with self._whole():
            for line in response:
                yield line.decode("utf-8", "replace").removesuffix("\n")

    @contextmanager
    def stream(self, *path: str, **query: object) -> Iterator[Iterator[tuple[str, str]]]:
        """What the daemon tells as it happens: the type and the data of each server-sent event.

        Raises:
            RefusedError: it does not tell it.
            UnreachableError: it does not answer, or not any more.
        """
        with self.lines(*path, **query) as lines:
            yield _events(lines)

    def _asked(self, method: str, path: str, body: str | None, patience_seconds: float) -> Any:
        connection = self._connection(patience_seconds + _GRACE_SECONDS)
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        try:
            with self._whole():
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                content = response.read()
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise self._refusal(response.status, content)
        try:
            return json.loads(content)
        except ValueError:
            raise UnreachableError("this is no daemon", place=self._told, hint=self._hint) from None

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise UnreachableError("the daemon does not answer in time", place=self._told, hint=self._hint) from None
        except (OSError, http.client.HTTPException) as error:
            told = getattr(error, "strerror", None) or str(error) or type(error).__name__
            message = f"the daemon does not answer: {str(told).lower()}"
            raise UnreachableError(message, place=self._told, hint=self._hint) from None

    def _refusal(self, status: int, content: bytes) -> RefusedError:
        """What the daemon says no with; a proxy before it may say it in other words."""
        try:
            body = json.loads(content)
            hint = _WHO_HINT if status == HTTPStatus.UNAUTHORIZED else str(body["hint"]) or None
            return RefusedError(str(body["detail"]), hint=hint, status=status)
        except (ValueError, TypeError, KeyError):
            message = f"answered with status {status}, as a daemon does not"
            return RefusedError(message, place=self._told, hint=self._hint, status=status)


def at_socket(path: Path) -> DaemonClient:
    """The daemon of a state folder of this machine."""
    hint = "see its log; a restart loses nothing"
    headers = {CALLER_HEADER: quote(caller())}
    return DaemonClient(str(path), lambda seconds: _LocalConnection(path, seconds), headers, hint)


def at_url(url: str, token: str | None) -> DaemonClient:
    """A daemon that listens elsewhere.

    Args:
        url: `https://HOST[:PORT]`, `http://…`, or `unix:PATH`.

    Raises:
        UsageError: it is none of these, or the token would travel for all to read.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    hint = "is the daemon running, and does it listen there (`http.listen`)?"
    if url.startswith(_UNIX):
        path = Path(url.removeprefix(_UNIX))
        return DaemonClient(url, lambda seconds: _LocalConnection(path, seconds), headers, hint)
    parts = urlsplit(url)
    host, port, before = parts.hostname, _port(url), parts.path.rstrip("/")
    if parts.scheme not in ("http", "https") or not host or before or parts.query or parts.username:
        raise UsageError(f"`{url}` is no address of a daemon", hint="write `https://HOST[:PORT]` or `unix:PATH`")
    if parts.scheme == "http" and token is not None and not is_loopback(host):
        hint = "put a proxy with TLS before the daemon and write `https://…`, or forward the port with ssh"
        raise UsageError("the token would be sent for all to read", place=url, hint=hint)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return DaemonClient(url, lambda seconds: kind(host, port, timeout=seconds), headers, hint)


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        raise UsageError(f"`{url}` has a port that is none", hint="write `https://HOST[:PORT]`") from None


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    kind, data = "message", list[str]()
    for line in lines:
        field, _, value = line.rstrip("\r").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif not field and not value:
            if data:
                yield kind, "\n".join(data)
            kind, data = "message", []


class _LocalConnection(http.client.HTTPConnection):
    """A connection to a socket of this machine."""

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self._path = path
        self._timeout_seconds = timeout_seconds

    def connect(self) -> None:
        self.sock: socket.socket = connected(self._path, self._timeout_seconds)


def _address(path: tuple[str, ...], query: Mapping[str, object]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return _API + "/".join(quote(part, safe="") for part in path) + (f"?{urlencode(given)}" if given else "")
