"""One git process that stays, which gives the content of objects."""

from __future__ import annotations

import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from reconciler.model.errors import SourceError
from reconciler.source.plumbing import Git, not_started

_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# So many requests fit the smallest pipe (a page), so that writing them never waits for git to read.
_WINDOW = 60
_PIECE = 1 << 20


class _DiedError(Exception):
    """The git process ended before it answered."""


class MissingObjectError(SourceError):
    """There is no such object here."""


class ObjectReader:
    """Reads objects; safe to use from several threads.

    The process starts with the first reading and again whenever it has died; `close` ends it.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, oids: list[str], limit: int | None) -> dict[str, bytes]:
        """The content of objects by their ids.

        Raises:
            MissingObjectError: one of them is not there.
            SourceError: one has more than `limit` bytes, or git cannot be started.
        """
        found: dict[str, bytes] = {}
        with self._reading():
            for oid, size, stream in self._answers(oids, limit):
                found[oid] = _exactly(stream, size)
        return found

    def copy(self, oid: str, write: Callable[[bytes], object]) -> None:
        """Hand over the content of one object piece by piece.

        Raises:
            MissingObjectError: there is no such object.
        """
        with self._reading():
            for _, size, stream in self._answers([oid], None):
                left = size
                while left:
                    piece = _exactly(stream, min(left, _PIECE))
                    write(piece)
                    left -= len(piece)

    def close(self) -> None:
        """End the git process; reading again starts another."""
        with self._lock:
            self._end()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """The git process for one caller alone."""
        with self._lock:
            try:
                yield
            except _DiedError as died:
                self._end()
                hint = "`git fsck` in that folder says whether it is damaged"
                place = str(self._git.git_dir)
                raise SourceError("git ended while objects were read", place=place, hint=hint) from died

    def _answers(self, oids: list[str], limit: int | None) -> Iterator[tuple[str, int, IO[bytes]]]:
        """Each object's id, size and the stream to take exactly that many bytes from; asks again where git died."""
        for oid in oids:
            if not _OID.fullmatch(oid):
                raise SourceError(f"`{oid}` is not an object id")
        answered = 0
        for is_last_attempt in (False, True):
            try:
                for answer in self._exchange(oids[answered:], limit):
                    yield answer
                    answered += 1
                return
            except (_DiedError, BrokenPipeError) as died:
                self._end()
                if is_last_attempt:
                    raise _DiedError from died
            except BaseException:
                # What git still has to say about this batch must not be taken for the answer to the next.
                self._end()
                raise

    def _exchange(self, oids: list[str], limit: int | None) -> Iterator[tuple[str, int, IO[bytes]]]:
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise _DiedError
        waiting = deque(oids)
        asked = 0
        for position, oid in enumerate(oids):
            if waiting and asked - position <= _WINDOW // 2:
                batch = [waiting.popleft() for _ in range(min(len(waiting), _WINDOW - (asked - position)))]
                process.stdin.write("".join(f"{one}\n" for one in batch).encode())
                process.stdin.flush()
                asked += len(batch)
            size = self._size(process.stdout.readline(), oid)
            if limit is not None and size > limit:
                hint = "leave large data out of manifests: keep it in a data asset"
                raise SourceError(f"the object {oid} has {size} bytes, more than the {limit} allowed", hint=hint)
            yield oid, size, process.stdout
            _exactly(process.stdout, 1)

    def _size(self, header: bytes, oid: str) -> int:
        if not header.endswith(b"\n"):
            raise _DiedError
        if header.endswith(b" missing\n"):
            raise MissingObjectError(f"the repository has no object {oid}", place=str(self._git.git_dir))
        return int(header.rpartition(b" ")[2])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        try:
            self._process = subprocess.Popen(
                self._git.command("cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._git.folder,
                env=self._git.environment(),
                start_new_session=True,  # Ctrl-C is for this program to handle
            )
        except OSError as error:
            raise not_started(error, self._git.folder) from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise _DiedError
    return content
