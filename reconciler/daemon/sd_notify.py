"""What systemd is told of us: datagrams to the socket that it names, as sd_notify(3) describes them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


class ServiceSupervisor:
    """Who started us and wants to know how we are; nobody where we were not started as a service.

    Attributes:
        ping_seconds: between two signs of life; None where nobody waits for them.
    """

    def __init__(self, address: str = "", ping_seconds: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.ping_seconds = ping_seconds
        self._status = ""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> ServiceSupervisor:
        """As the environment says."""
        microseconds = variables.get("WATCHDOG_USEC", "")
        is_ours = variables.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        ping_seconds = int(microseconds) / 2e6 if microseconds.isdigit() and int(microseconds) and is_ours else None
        address = variables.get("NOTIFY_SOCKET", "")
        return cls(address, ping_seconds if address else None)

    def ready(self) -> None:
        self._send("READY=1")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, seconds: float) -> None:
        """We are about to end, which may take so long."""
        self._send(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def ping(self) -> None:
        self._send("WATCHDOG=1")

    def status(self, line: str) -> None:
        """Tell how things stand, where that is news."""
        if line != self._status:
            self._status = line
            self._send(f"STATUS={' '.join(line.split())}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.settimeout(1)
                sending.sendto(message.encode(), self._address)
        except OSError:  # nobody listens, which is not worth ending for
            return
