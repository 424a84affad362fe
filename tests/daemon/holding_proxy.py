"""A server between a daemon and another one, which answers nobody for as long as a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class HoldingProxy:
    """Takes every connection; while it holds, says nothing on any."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._is_open = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.held = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def let_go(self) -> None:
        """Answer whoever comes from now on, as the server behind does; who was held stays so."""
        self._is_open.set()

    def hold(self) -> None:
        self._is_open.clear()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        held = []
        with suppress(OSError):  # closed
            while True:
                near, _ = self._server.accept()
                if not self._is_open.is_set():
                    held.append(near)
                    self.held += 1
                    continue
                far = socket.create_connection(("127.0.0.1", self._behind))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()
        for each in held:
            each.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def holding(port: int) -> Iterator[HoldingProxy]:
    """One before a server on this machine."""
    proxy = HoldingProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
