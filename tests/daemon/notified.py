"""The end of systemd's to which a service sends what it has to tell."""

from __future__ import annotations

import socket
import time
from types import TracebackType


class Notified:
    """A socket that collects datagrams; one of the abstract names begins with `@`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._told: list[str] = []

    def told(self) -> list[str]:
        """All that came so far."""
        self._socket.setblocking(False)
        try:
            while True:
                self._told.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return list(self._told)

    def until(self, message: str, count: int = 1, seconds: float = 60.0) -> list[str]:
        """Block until so many messages begin like that."""
        end = time.monotonic() + seconds
        while sum(each.startswith(message) for each in self.told()) < count:
            assert time.monotonic() < end, self._told
            time.sleep(0.01)
        return self.told()

    def __enter__(self) -> Notified:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()
