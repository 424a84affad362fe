"""The lines of a log, also of one that still grows; never more of it in memory than a block and a line."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_BLOCK = 65_536
_LONGEST_LINE = 1_048_576  # what is longer is told in pieces


class LogLines:
    """Reads a log on from where it was; it may not be there yet, be cut off, be replaced by another one, or go away.

    Args:
        tail: how many of its last lines are told first, None for all.
    """

    def __init__(self, path: Path, tail: int | None = None) -> None:
        self._path = path
        self._tail = tail
        self._file: BinaryIO | None = None
        self._begin()

    def _begin(self) -> None:
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
        self._begun = ""

    @property
    def is_there(self) -> bool:
        """Whether there is such a log, or was when it was read last."""
        return self._file is not None or self._path.exists()

    def whole(self) -> Iterator[str]:
        """The lines that were finished since the last time."""
        for text in self._texts():
            *lines, self._begun = f"{self._begun}{text}".split("\n")
            yield from lines
            if len(self._begun) > _LONGEST_LINE:
                yield self._begun
                self._begun = ""

    def rest(self) -> Iterator[str]:
        """All there is, what does not end in a line's end included."""
        yield from self.whole()
        last = f"{self._begun}{self._decoder.decode(b'', final=True)}"
        if last:
            yield last.removesuffix("\n")
        self._begin()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _texts(self) -> Iterator[str]:
        while True:
            file = self._file or self._open()
            if file is None:
                return
            if os.fstat(file.fileno()).st_size < file.tell():  # it was cut off, and begins anew
                file.seek(0)
            while block := file.read(_BLOCK):
                yield self._decoder.decode(block)
            if not self._is_replaced(file):
                return
            self.close()  # what the old one held has been told

    def _open(self) -> BinaryIO | None:
        try:
            self._file = self._path.open("rb")
        except (FileNotFoundError, PermissionError):
            return None
        if self._tail is not None:
            self._file.seek(_start_of_last(self._file, self._tail))
            self._tail = None
        return self._file

    def _is_replaced(self, file: BinaryIO) -> bool:
        try:
            now = self._path.stat()
        except OSError:
            return False
        read = os.fstat(file.fileno())
        return (now.st_dev, now.st_ino) != (read.st_dev, read.st_ino)


def _start_of_last(file: BinaryIO, lines: int) -> int:
    """Where the last lines of a file begin."""
    end = position = file.seek(0, os.SEEK_END)
    wanted = lines
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        file.seek(position)
        block = file.read(size)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            if position + at == end - 1:  # the end of the last line begins none
                continue
            wanted -= 1
            if wanted == 0:
                return position + at + 1
    return 0
