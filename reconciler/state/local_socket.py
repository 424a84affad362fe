"""The socket in a state folder: how a daemon listens there, and how it is reached."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST_BYTES = 100  # an address holds 108, with a zero; 104 elsewhere
_BACKLOG = 128
_MODE = 0o600
_PEER = struct.Struct("3i")  # process, user and group


def bound(path: Path) -> socket.socket:
    """A socket that listens, for its owner alone; whoever holds the lock of the state makes it, so an old one is dead.

    Raises:
        OSError: the folder can hold none.
    """
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as address:
            made.bind(address)
            Path(address).chmod(_MODE)  # before anybody can connect
        made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def connected(path: Path, timeout_seconds: float) -> socket.socket:
    """A socket to whoever listens there.

    Raises:
        OSError: nobody does, or not for us.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout_seconds)
        with _short(path) as address:
            made.connect(address)
    except BaseException:
        made.close()
        raise
    return made


def user_of_peer(connection: socket.socket) -> int | None:
    """The number of the user at the other end, None where the system does not say."""
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    _, user, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _PEER.size))
    return int(user)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The path as the kernel takes it, which knows no long ones: by way of its folder, held open."""
    if len(os.fsencode(path)) <= _LONGEST_BYTES or not hasattr(os, "O_PATH"):
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
