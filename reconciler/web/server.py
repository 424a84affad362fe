"""The server: a thread of the daemon that listens for as long as the daemon runs."""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from reconciler.model.errors import UsageError
from reconciler.model.http import HttpSettings, Listen
from reconciler.state.folder import StateFolder
from reconciler.state.local_socket import bound
from reconciler.state.store import State
from reconciler.web.loops import Loops
from reconciler.web.turns import Turns

if TYPE_CHECKING:
    import uvicorn

    from reconciler.web.place import Place

log = logging.getLogger("reconciler")
_BACKLOG = 128
_MOST_CONNECTIONS = 256
_KEPT_OPEN_SECONDS = 15
_LAST_ANSWERS_SECONDS = 2
_PATIENCE_SECONDS = 5.0
_SOCKET_MODE = 0o660


class Server:
    """Listens from `with` to its end: at a socket in the state folder, and where the settings say.

    What answers is imported in its thread, so that no loop waits for that; where only the socket is listened at, once
    somebody speaks to it.

    Args:
        tell: told the address once it listens.
        body_seconds: how long the body of a request may take.
        rouse_reviews: has the pull requests of a source looked at; False where they are not reviewed.
    """

    def __init__(
        self,
        settings: HttpSettings,
        folder: StateFolder,
        loops: Loops,
        turns: Turns,
        tell: Callable[[str], None],
        body_seconds: float = 10.0,
        rouse_reviews: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._listen = settings.listen
        self._settings = settings
        self._folder = folder
        self._loops = loops
        self._turns = turns
        self._tell = tell
        self._body_seconds = body_seconds
        self._rouse_reviews = rouse_reviews
        self._lock = threading.Lock()
        self._place: Place | None = None
        self._server: uvicorn.Server | None = None
        self._is_over = threading.Event()
        self._local: socket.socket | None = None
        self._socket: socket.socket | None = None
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Server:
        """Begin to listen.

        Raises:
            UsageError: the address cannot be listened at.
        """
        self._local = self._local_socket()
        try:
            if self._listen is not None:
                self._socket = listening_socket(self._listen)
                self._tell(f"listening at {_address(self._listen, self._socket)}")
        except BaseException:
            self._close()
            raise
        self._bell = socket.socketpair()
        self._thread = threading.Thread(target=self._go, name="http", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._is_over.set()
            if self._place is not None:
                self._place.is_over.set()
            if self._server is not None:
                self._server.should_exit = True
        if self._bell is not None:
            self._bell[0].close()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)
        if self._bell is not None:
            self._bell[1].close()
        self._close()

    def _close(self) -> None:
        if self._local is not None:
            self._folder.socket.unlink(missing_ok=True)
            self._local.close()
        if self._socket is not None:
            self._socket.close()
            if self._listen is not None and self._listen.path:
                Path(self._listen.path).unlink(missing_ok=True)

    def _local_socket(self) -> socket.socket | None:
        try:
            return bound(self._folder.socket)
        except OSError as error:  # a file system that knows none: the daemon does its work all the same
            told = error.strerror or error
            log.warning("the command line cannot reach this daemon: %s: %s", self._folder.socket, told)
            return None

    def settle(self, settings: HttpSettings) -> None:
        """Go by other tokens and hooks from now on; the address stays."""
        with self._lock:
            if settings.listen != self._listen:
                told = self._listen or "nowhere"
                log.warning("where the daemon listens changes only when it is restarted: it stays %s", told)
            self._settings = replace(settings, listen=self._listen)
            if self._place is not None:
                self._place.settings = self._settings

    def _go(self) -> None:
        try:
            if self._socket is None and not self._is_spoken_to():
                return
            state = State(self._folder)
            try:
                self._serve(state)
            finally:
                state.close()
        except Exception:  # the sources are followed all the same
            log.exception("nothing is answered over HTTP any more")

    def _is_spoken_to(self) -> bool:
        """Wait until somebody connects; False where the end comes first."""
        if self._local is None or self._bell is None:
            return False
        with selectors.DefaultSelector() as selector:
            for each in (self._local, self._bell[1]):
                selector.register(each, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select()}
        return self._bell[1] not in ready

    def _serve(self, state: State) -> None:
        import uvicorn

        from reconciler.web.app import make_app
        from reconciler.web.connections import connections_of
        from reconciler.web.place import Place

        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        with self._lock:
            if self._is_over.is_set():
                return
            self._place = Place(state, self._loops, self._turns, self._settings, self._rouse_reviews)
            self._server = uvicorn.Server(
                uvicorn.Config(
                    make_app(self._place, self._body_seconds),
                    log_config=None,
                    access_log=False,
                    lifespan="off",
                    ws="none",
                    http=connections_of(self._local),
                    loop="asyncio",
                    proxy_headers=False,
                    server_header=False,
                    limit_concurrency=_MOST_CONNECTIONS,
                    timeout_keep_alive=_KEPT_OPEN_SECONDS,
                    timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
                )
            )
        self._server.run(sockets=[each for each in (self._local, self._socket) if each is not None])


def listening_socket(listen: Listen) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: somebody else listens there, or nobody may.
    """
    try:
        return _unix_socket(Path(listen.path)) if listen.path else _port(listen)
    except OSError as error:
        told = error.strerror or str(error)
        message = f"nothing can listen here: {told.lower()}"
        hint = "choose another address with --listen or `http.listen`, or stop who listens there"
        raise UsageError(message, place=str(listen), hint=hint) from error


def _port(listen: Listen) -> socket.socket:
    family = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((listen.host, listen.port), family=family, backlog=_BACKLOG)


def _unix_socket(path: Path) -> socket.socket:
    """A socket for its owner and their group; one that nobody listens at any more is replaced."""
    if path.is_socket() and _is_dead(path):
        path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.bind(str(path))
        path.chmod(_SOCKET_MODE)  # before anybody can connect
        found.listen(_BACKLOG)
    except BaseException:
        found.close()
        raise
    return found


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked, suppress(OSError):
        asked.settimeout(1)
        return asked.connect_ex(str(path)) in (errno.ECONNREFUSED, errno.ENOENT)
    return False


def _address(listen: Listen, bound: socket.socket) -> str:
    if listen.path:
        return str(listen)
    return f"http://{Listen(listen.host, bound.getsockname()[1])}"
