"""OpenSSH's server on this machine, with keys of its own, for the user who runs the tests."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication yes
AcceptEnv {accepted}
PermitRootLogin prohibit-password
"""
_SEPARATION = Path("/run/sshd")  # which sshd wants to be there where root starts it
_ATTEMPTS = 5
_SECONDS = 20.0


@dataclass(frozen=True)
class Sshd:
    """A server that runs.

    Attributes:
        key_file: the private key that opens it.
        known_hosts_file: holds the server's own key.
    """

    port: int
    key_file: Path
    known_hosts_file: Path

    def url(self, path: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"


def new_key(path: Path, passphrase: str = "") -> Path:
    """Make a pair of keys; the public one lies beside the private one."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)], check=True)
    return path


@contextmanager
def running_sshd(folder: Path, accepted: str = "GIT_PROTOCOL") -> Iterator[Sshd]:
    """Start a server whose keys and configuration lie in a new folder.

    Args:
        accepted: the variable that clients may send along.
    """
    folder.mkdir()
    host_key, key = new_key(folder / "host_key"), new_key(folder / "key")
    (folder / "authorized_keys").write_bytes(key.with_suffix(".pub").read_bytes())
    if os.geteuid() == 0:
        _SEPARATION.mkdir(exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        port = _free_port()
        process = _started(folder, port, accepted)
        if _listens(process, port):
            break
        _end(process)
        assert attempt < _ATTEMPTS, (folder / "log").read_text()
    try:
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {host_key.with_suffix('.pub').read_text()}")
        yield Sshd(port, key, known)
    finally:
        _end(process)


def _started(folder: Path, port: int, accepted: str) -> subprocess.Popen[bytes]:
    (folder / "configuration").write_text(_CONFIGURATION.format(port=port, folder=folder, accepted=accepted))
    program = "/usr/sbin/sshd"  # it starts itself anew, by its full path
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([program, "-D", "-e", "-f", str(folder / "configuration")], stderr=log)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
