"""A remote repository, asked by git commands that have a deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping

from reconciler.model.errors import SourceAwayError
from reconciler.model.followed import Access
from reconciler.source.access import arguments_for, variables_for
from reconciler.source.addresses import absolute, check_address, redacted
from reconciler.source.plumbing import complaint, environment

_UNKNOWN_HOST = "put the server's key into the file of known hosts, once you know that it is the right one"
_NETWORK = "is the network up, and the address right?"


class Remote:
    """Runs git commands that talk to one remote; safe to use from several threads.

    Attributes:
        url: with the credentials that it holds; `place` is the same as it may be shown.

    Raises:
        UsageError: the address is none of a repository.
    """

    def __init__(self, url: str, timeout_seconds: float = 60, access: Access | None = None) -> None:
        check_address(url)
        self.place = redacted(url)
        self.url = absolute(url)
        self.access = access or Access()
        self.timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._asking: dict[subprocess.Popen[bytes], int] = {}  # with the thread that waits for it
        self._is_abandoned = False

    def ask(self, *arguments: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """What a git command printed; neither it nor what it starts asks anybody for anything.

        Raises:
            SourceAwayError: the remote cannot be reached or read, or does not answer in time.
        """
        told = arguments_for(self.access, self.url)
        command = ["git", "-c", "protocol.ext.allow=never", *told, *arguments]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment({**variables_for(self.access), **(env or {})}),
            start_new_session=True,  # with the programs that git starts for the transport
        ) as process:
            with self._lock:
                self._asking[process] = threading.get_ident()
                if self._is_abandoned:
                    _end(process)
            try:
                said, complaints = process.communicate(input, timeout=self.timeout_seconds)
            except subprocess.TimeoutExpired:
                _end(process)
                message = f"the repository did not answer within {self.timeout_seconds:g} seconds"
                raise SourceAwayError(message, place=self.place, hint=_NETWORK) from None
            except BaseException:
                _end(process)
                raise
            finally:
                with self._lock:
                    self._asking.pop(process, None)
        if process.returncode:
            message = redacted(_transport_trouble(complaints) or complaint(complaints, arguments, process.returncode))
            is_unknown = b"Host key verification failed" in complaints
            raise SourceAwayError(message, place=self.place, hint=_UNKNOWN_HOST if is_unknown else _hint(message))
        return said

    @property
    def is_abandoned(self) -> bool:
        """Whether `abandon` was called."""
        return self._is_abandoned

    def interrupt(self, thread: int) -> None:
        """End what one thread asks at the moment; others go on, and may ask again."""
        with self._lock:
            for process, asking in self._asking.items():
                if asking == thread:
                    _end(process)

    def abandon(self) -> None:
        """Wait for the remote no more, in whatever threads somebody does; it is not asked again."""
        with self._lock:
            self._is_abandoned = True
            for process in self._asking:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _transport_trouble(complaints: bytes) -> str:
    """What ssh said before git said that it could not read, "" where it was not ssh that failed."""
    said, _, rest = complaints.decode(errors="replace").partition("fatal: Could not read from remote repository")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    is_of_git = any(line.startswith(("fatal: ", "error: ")) for line in lines)
    return lines[-1] if rest and lines and not is_of_git else ""


def _hint(said: str) -> str:
    lowered = said.lower()
    if "authentication" in lowered or "permission denied" in lowered or "could not read" in lowered:
        return "check the token or the SSH key of the daemon"
    if "does not appear to be a git repository" in lowered or "not found" in lowered:
        return "check the address; is it a Git repository?"
    if "could not resolve" in lowered or "connect" in lowered:
        return _NETWORK
    return "try `git ls-remote` with the same address"
