"""A push to a local origin, or a file in a watched folder, is noticed at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.source.watch import FolderWatch, RefWatch

from .git_repository import Repository, git


class Calls:
    """Counts how often it was called, and lets one wait for it."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def reach(self, count: int, seconds: float = 1.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, seconds)


Watching = Callable[[str, Calls], RefWatch]


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Starts watches, and stops them with the test."""
    started: list[RefWatch] = []

    def start(url: str, calls: Calls) -> RefWatch:
        watch = RefWatch(url, calls)
        watch.start()
        started.append(watch)
        return watch

    yield start
    for watch in started:
        watch.stop()


@pytest.fixture
def clone(origin: Repository, tmp_path: Path) -> Path:
    origin.commit({"a": "1"})
    git("clone", "--quiet", origin.url, str(tmp_path / "clone"))
    return tmp_path / "clone"


def _commit(folder: Path, content: str) -> None:
    (folder / "a").write_text(content)
    git("commit", "--quiet", "--all", "-m", content, folder=folder)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_push_is_noticed_within_a_second(origin: Repository, clone: Path, watching: Watching, scheme: str) -> None:
    calls = Calls()
    assert watching(f"{scheme}{origin.url}", calls).is_active
    _commit(clone, "2")
    git("push", "--quiet", folder=clone)
    assert calls.reach(1)
    heard = calls.count
    _commit(clone, "3")
    git("push", "--quiet", folder=clone)
    assert calls.reach(heard + 1)


def test_by_then_the_branch_is_where_it_was_pushed_to(origin: Repository, clone: Path, watching: Watching) -> None:
    seen: list[str] = []
    calls = Calls()

    def look() -> None:
        seen.append(origin.head())
        calls()

    watch = RefWatch(origin.url, look)
    watch.start()
    _commit(clone, "2")
    git("push", "--quiet", folder=clone)
    assert calls.reach(1)
    watch.stop()
    assert seen[-1] == git("rev-parse", "HEAD", folder=clone)


def test_a_commit_in_a_followed_work_tree_is_noticed(clone: Path, watching: Watching) -> None:
    calls = Calls()
    watching(str(clone), calls)
    _commit(clone, "2")
    assert calls.reach(1)


def test_refs_that_are_packed_and_tags_and_new_branches_are_noticed(origin: Repository, watching: Watching) -> None:
    commit = origin.commit({"a": "1"})
    calls = Calls()
    watching(origin.url, calls)
    for arguments in (("branch", "team/next", commit), ("tag", "v1", commit), ("pack-refs", "--all")):
        heard = calls.count
        origin.git(*arguments)
        assert calls.reach(heard + 1)
        _wait_for_silence(calls)


def test_content_without_a_ref_means_nothing_yet(origin: Repository, watching: Watching) -> None:
    calls = Calls()
    watching(origin.url, calls)
    origin.blob(b"1")
    assert not calls.reach(1, seconds=0.2)


def test_folders_of_objects_take_no_watches(origin: Repository, watching: Watching) -> None:
    for number in range(64):
        (Path(origin.url) / "objects" / f"{number:02x}").mkdir(exist_ok=True)
    before = _watches()
    watching(origin.url, Calls())
    assert _watches() - before < 16


@pytest.mark.parametrize("url", ["https://example.org/a.git", "git@example.org:a.git", "/nowhere/a.git"])
def test_a_repository_elsewhere_is_not_watched(url: str, watching: Watching) -> None:
    assert not watching(url, Calls()).is_active


def test_a_burst_of_changes_is_one_call(tmp_path: Path) -> None:
    calls = Calls()
    watch = FolderWatch(tmp_path, calls)
    watch.start()
    for number in range(20):
        (tmp_path / str(number)).touch()
    assert calls.reach(1)
    _wait_for_silence(calls)
    watch.stop()
    assert calls.count < 5


def test_after_stop_nothing_is_called(tmp_path: Path) -> None:
    calls = Calls()
    watch = FolderWatch(tmp_path, calls)
    watch.start()
    watch.stop()
    watch.stop()
    (tmp_path / "a").touch()
    assert not calls.reach(1, seconds=0.15)


def _watches() -> int:
    """The folders that the kernel watches for us."""
    described = []
    for descriptor in Path("/proc/self/fdinfo").iterdir():
        with suppress(FileNotFoundError):
            described.append(descriptor.read_text())
    return sum(text.count("inotify wd:") for text in described)


def _wait_for_silence(calls: Calls) -> None:
    """Until nothing was called for a tenth of a second."""
    heard = -1
    while heard != calls.count:
        heard = calls.count
        time.sleep(0.1)


WITHOUT_DESCRIPTORS = """
import os, resource, sys
from pathlib import Path
import watchdog.events, watchdog.observers
from reconciler.source.watch import FolderWatch

used = len(os.listdir("/proc/self/fd")) - 1
resource.setrlimit(resource.RLIMIT_NOFILE, (used, used))
watch = FolderWatch(Path(sys.argv[1]), print)
watch.start()
watch.stop()
print("goes on")
"""


def test_where_the_system_has_no_watch_left_the_folder_is_merely_not_watched(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_DESCRIPTORS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "goes on\n", done.stderr
    assert f"{tmp_path} is not watched, only looked at now and then" in done.stderr
