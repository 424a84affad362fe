"""What a process and all that it started take at a moment, as the kernel says."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Figures:
    """One sample; sizes in bytes.

    Attributes:
        moment: seconds since the first sample.
        is_at_rest: whether no run was under way.
        memory: resident, of the process itself.
        memory_below: of all processes that it started and that are there.
        files: descriptors that the process has open.
        zombies: process ids of those below it that have ended and that nobody has asked about.
        write_ahead: of the logs that SQLite has beside its databases.
    """

    moment: float
    is_at_rest: bool
    memory: int
    memory_below: int
    files: int
    threads: int
    processes: int
    zombies: frozenset[int]
    state: int
    write_ahead: int


class Figurer:
    """Takes samples of a process and of its state folder."""

    def __init__(self, pid: int, state_folder: Path) -> None:
        self._process = psutil.Process(pid)
        self._state_folder = state_folder
        self._began = time.monotonic()

    def take(self, is_at_rest: bool) -> Figures:
        below = self._process.children(recursive=True)
        memory_below, zombies = 0, set()
        for each in below:
            with suppress(psutil.NoSuchProcess):
                if each.status() == psutil.STATUS_ZOMBIE:
                    zombies.add(each.pid)
                memory_below += each.memory_info().rss
        return Figures(
            time.monotonic() - self._began,
            is_at_rest,
            self._process.memory_info().rss,
            memory_below,
            self._process.num_fds(),
            self._process.num_threads(),
            len(below),
            frozenset(zombies),
            _size(self._state_folder),
            sum(path.stat().st_size for path in self._state_folder.rglob("*.db-wal")),
        )


def left_over(folder: Path) -> list[str]:
    """The processes that have to do with a folder: they name it, or work in it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.pid != os.getpid() and any(str(folder) in said for said in (*process.cmdline(), process.cwd())):
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
    return found


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                total += (Path(place) / name).lstat().st_size
    return total
