"""Stores of data behind URLs, each reached through fsspec; who we are to them is the affair of our environment."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.model.data_paths import AZURE_SCHEMES, WEB_SCHEMES
from reconciler.source.url_rules import RefusedAddressError, UrlRules, addresses_of

if TYPE_CHECKING:
    import aiohttp
    from fsspec.asyn import AsyncFileSystem

Info = dict[str, Any]
_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs"} | dict.fromkeys(AZURE_SCHEMES, "azure")
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_TALKATIVE = ("gcsfs", "google", "azure", "adlfs", "s3fs", "botocore", "aiobotocore", "asyncio")


class MissingPackageError(Exception):
    """A package that speaks to a store is not installed; `extra` is what it is installed with."""

    def __init__(self, extra: str) -> None:
        super().__init__(extra)
        self.extra = extra


class TooLargeError(Exception):
    """There is more of it than the operator allows."""


class CutOffError(Exception):
    """Less came than the store said."""


class AbandonedError(Exception):
    """The program is about to end."""


class Stores:
    """The stores, each opened when it is first needed.

    Args:
        timeout: seconds that a store may take to answer, and to go on with an answer.
    """

    def __init__(self, rules: UrlRules, timeout: float) -> None:
        self._rules = rules
        self._timeout = timeout
        self._lock = threading.Lock()
        self._opened: dict[object, AsyncFileSystem] = {}
        self._is_abandoned = threading.Event()

    def abandon(self) -> None:
        """End what is being fetched."""
        self._is_abandoned.set()

    def info(self, url: str) -> Info:
        """What the store says of a file or folder.

        Raises:
            MissingPackageError: nothing that speaks to the store is installed.
            Exception: it is not there, or the store does not answer; of whatever kind the package raises.
        """
        url = _as_spoken(url)
        store = self._store(url)
        found: Info = self._await(store, store._info(store._strip_protocol(url)), self._timeout)
        return found

    def files(self, url: str) -> dict[str, Info]:
        """What the store says of the files of a folder, by their paths in it."""
        url = _as_spoken(url)
        store = self._store(url)
        top = store._strip_protocol(url).rstrip("/")
        found: dict[str, Info] = self._await(store, store._find(top, detail=True), self._timeout)
        return {
            name.removeprefix(top).lstrip("/"): info
            for name, info in found.items()
            if info.get("type") == "file" and name.startswith(f"{top}/") and not name.endswith("/")
        }

    def get(self, url: str, target: Path, most: int, seconds: float) -> None:
        """Write a file's content to a new file.

        Raises:
            TooLargeError: there are more than `most` bytes.
            AbandonedError: see `abandon`.
        """
        from fsspec.callbacks import Callback

        class Watch(Callback):  # type: ignore[misc]
            def relative_update(self, inc: int = 1) -> None:
                super().relative_update(inc)
                if self.value > most:
                    raise TooLargeError

        url = _as_spoken(url)
        store = self._store(url)
        getting = store._get_file(store._strip_protocol(url), str(target), callback=Watch())
        self._await(store, getting, seconds)
        if target.stat().st_size > most:
            raise TooLargeError

    def _await(self, store: AsyncFileSystem, answer: Coroutine[Any, Any, Any], seconds: float) -> Any:
        """What a store answers; it is not waited for beyond its time, nor once the program is about to end."""
        import asyncio

        future = asyncio.run_coroutine_threadsafe(answer, store.loop)
        end = time.monotonic() + seconds
        while not wait([future], timeout=_LOOK_SECONDS).done:
            if self._is_abandoned.is_set() or time.monotonic() > end:
                future.cancel()
                raise AbandonedError if self._is_abandoned.is_set() else TimeoutError
        if self._is_abandoned.is_set():
            raise AbandonedError
        return future.result()

    def _store(self, url: str) -> AsyncFileSystem:
        parts = urlsplit(url)
        is_named = parts.scheme in WEB_SCHEMES and self._rules.names_host(url)
        account = parts.netloc if parts.scheme in AZURE_SCHEMES else ""
        is_versioned = parts.scheme == "s3" and "versionId=" in parts.query
        key = (parts.scheme, is_named, account, is_versioned)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = self._open(url, is_named)
            return self._opened[key]

    def _open(self, url: str, is_named: bool) -> AsyncFileSystem:
        import fsspec

        scheme = urlsplit(url).scheme
        for name in _TALKATIVE:  # what went wrong is told as a problem, once and with its place
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            kind = fsspec.get_filesystem_class(scheme)
        except ImportError as error:
            raise MissingPackageError(_EXTRAS.get(scheme, "")) from error
        options: dict[str, Any] = {**kind._get_kwargs_from_urls(url), "use_listings_cache": False}
        if scheme in WEB_SCHEMES:
            return _web(kind, self._rules, is_named, self._timeout)
        if scheme == "s3":
            retries = {"max_attempts": 2, "mode": "standard"}
            options["config_kwargs"] = {
                "connect_timeout": min(self._timeout, _CONNECT_SECONDS),
                "read_timeout": self._timeout,
                "retries": retries,
            }
        return kind(skip_instance_cache=True, **options)


def _as_spoken(url: str) -> str:
    """The URL as the package knows it: `wasbs://` is an older name of what Azure calls `abfs://`."""
    return f"abfs{url.removeprefix('wasbs')}" if url.startswith("wasbs://") else url


def _web(kind: type[AsyncFileSystem], rules: UrlRules, is_named: bool, timeout: float) -> AsyncFileSystem:
    """Files over HTTP. Every address is looked at when it is connected to: names and redirects may lead anywhere."""
    import aiohttp

    exempt = _proxies() | (rules.named_addresses() if is_named else frozenset())

    def open_socket(address: aiohttp.connector.AddrInfoType) -> socket.socket:
        family, type_, protocol, _, place = address
        host, port = str(place[0]), int(place[1])
        if rules.is_guarded(host) and (host, port) not in exempt:
            raise RefusedAddressError(f"{host} is on this machine or one of its services")
        return socket.socket(family, type_, protocol)

    async def follow(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
        target = redirect.url.join(_location(redirect.response))
        if not rules.may_follow(str(target)):
            raise RefusedAddressError(f"it redirects to {target.scheme}://{target.host}")
        refused = UrlRules(("https://*", "http://*"), rules.is_work_tree).refusal(str(target))
        if refused and not (is_named and rules.names_host(str(target))):
            raise RefusedAddressError(f"it redirects to {target.host}")

    async def open_session(**options: Any) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(socket_factory=open_socket)
        watch = aiohttp.TraceConfig()
        watch.on_request_redirect.append(follow)
        return aiohttp.ClientSession(connector=connector, trace_configs=[watch], **options)

    settings = {
        "timeout": aiohttp.ClientTimeout(
            total=None, sock_connect=min(timeout, _CONNECT_SECONDS), connect=timeout, sock_read=timeout
        ),
        "headers": {"Accept-Encoding": "identity"},
        "trust_env": True,  # proxies and ~/.netrc
    }
    return kind(
        skip_instance_cache=True,
        use_listings_cache=False,
        get_client=open_session,
        client_kwargs=settings,
    )


def _location(response: aiohttp.ClientResponse) -> Any:
    from yarl import URL

    return URL(response.headers.get("Location") or response.headers.get("URI") or "")


def _proxies() -> frozenset[tuple[str, int]]:
    """The addresses of our proxies: whoever set them wants them asked."""
    from urllib.request import getproxies

    found: set[tuple[str, int]] = set()
    for proxy in getproxies().values():
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.hostname:
            found.update(addresses_of(parts.hostname, parts.port or 80))
    return frozenset(found)


def reason_of(error: BaseException) -> str:
    """Why a store did not give what it was asked for, in a few words."""
    import aiohttp

    causes = causes_of(error)
    refused = next((cause for cause in causes if isinstance(cause, RefusedAddressError)), None)
    if refused is not None:
        return str(refused)
    for cause in causes:
        if isinstance(cause, aiohttp.InvalidURL):
            return "it is not a valid URL"
        if isinstance(cause, aiohttp.ClientResponseError):
            return f"{cause.status} {cause.message}".strip()
        if isinstance(cause, TimeoutError):
            return "it takes too long"
        if isinstance(cause, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
            return "the connection broke off"
        if isinstance(cause, CutOffError):
            return f"the connection broke off: {cause}"
        if isinstance(cause, aiohttp.ClientConnectorError):
            return f"cannot connect: {_said(cause.os_error)}"
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _said(error: OSError) -> str:
    """What the system calls it; the address in asyncio's own words is known already."""
    if error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return error.strerror or str(error)


def causes_of(error: BaseException) -> list[BaseException]:
    """An error and what led to it."""
    found: list[BaseException] = []
    now: BaseException | None = error
    while now is not None and now not in found:
        found.append(now)
        now = getattr(now, "os_error", None) or now.__cause__ or now.__context__
    return found
