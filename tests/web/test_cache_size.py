"""The size of the store, measured beside all else."""

from __future__ import annotations

import threading
from pathlib import Path

from reconciler.web.cache_size import CacheSize
from tests.daemon.daemon_process import until


def test_it_is_what_all_files_hold(tmp_path: Path) -> None:
    for name, length in (("ab/abc", 10), ("ab/abd", 20), ("cd/cde", 30)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"a" * length)
    size = CacheSize(tmp_path, threading.Event())
    until(lambda: size.bytes == 60)


def test_nobody_waits_for_it_and_it_is_measured_once_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    may_go_on, began = threading.Event(), []

    def measure(folder: Path) -> int:
        began.append(folder)
        may_go_on.wait(60)
        return 7

    size = CacheSize(tmp_path, threading.Event(), measure, kept_seconds=3600)
    assert [size.bytes for _ in range(3)] == [None] * 3
    may_go_on.set()
    until(lambda: size.bytes == 7)
    assert len(began) == 1
