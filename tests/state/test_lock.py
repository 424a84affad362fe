"""One daemon per state, and how others know who is there; both end with the process."""

from __future__ import annotations

import fcntl
import os
import pwd
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import StateError
from reconciler.state.lock import Presence, StateLock

Process = subprocess.Popen[str]
Starting = Callable[[str], Process]


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Starting]:
    """Starts processes that do something with the lock and then stay, and ends them with the test."""
    started: list[Process] = []

    def start(action: str) -> Process:
        script = f"""
import sys
from pathlib import Path
from reconciler.state.lock import Presence, StateLock
lock, presence = StateLock(Path({str(tmp_path / "daemon.lock")!r})), Presence(Path({str(tmp_path / "apply.lock")!r}))
print({action}, flush=True)
sys.stdin.read()
"""
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def lock(tmp_path: Path) -> StateLock:
    return StateLock(tmp_path / "daemon.lock")


def test_before_the_first_daemon_nobody_holds_the_lock(lock: StateLock) -> None:
    assert lock.owner() is None


def test_the_lock_is_held_until_it_is_released(lock: StateLock, tmp_path: Path) -> None:
    other = StateLock(tmp_path / "daemon.lock")
    lock.acquire()
    assert other.owner() == os.getpid()
    lock.release()
    assert other.owner() is None
    other.acquire()
    other.release()


def test_a_second_daemon_is_refused_with_the_process_of_the_first(lock: StateLock, starting: Starting) -> None:
    first = starting("lock.acquire()")
    said(first)
    assert lock.owner() == first.pid
    with pytest.raises(StateError, match=f"a daemon runs on this state already, as process {first.pid}") as refused:
        lock.acquire()
    assert refused.value.hint == f"stop it with `kill {first.pid}`, or give this one a state of its own with --state"
    assert lock.owner() == first.pid


def test_who_holds_the_lock_is_told_with_user_machine_time_and_command(
    lock: StateLock, starting: Starting, tmp_path: Path
) -> None:
    before = int(time.time())
    first = starting(
        "setattr(sys, 'argv', ['/opt/bin/reconciler', 'daemon', '--source', 'https://me:pw@host/x']), lock.acquire()"
    )
    said(first)
    holder = lock.holder()
    assert holder is not None
    assert (holder.pid, holder.host) == (first.pid, os.uname().nodename)
    assert holder.user == pwd.getpwuid(os.geteuid()).pw_name
    assert before <= holder.since <= time.time()
    assert holder.command == "reconciler daemon --source https://***@host/x"
    with pytest.raises(StateError) as refused:
        lock.acquire()
    told = f"process {first.pid} of {holder.user} on {holder.host} since "
    assert told in refused.value.message
    assert refused.value.message.endswith(f"+00:00: {holder.command}")
    assert stat.S_IMODE((tmp_path / "daemon.lock").stat().st_mode) & 0o002 == 0


def test_a_daemon_of_another_machine_is_not_to_be_killed_here(lock: StateLock, tmp_path: Path) -> None:
    """Folders may be shared, by containers for example, whose process ids mean nothing here."""
    with (tmp_path / "daemon.lock").open("w") as held:
        held.write(
            '{"pid": 7, "host": "elsewhere", "user": "alice", "since": 1790000000.0, "command": "reconciler daemon"}'
        )
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StateError, match="process 7 of alice on elsewhere since 2026-09-") as refused:
            lock.acquire()
    assert refused.value.hint == "stop it on elsewhere, or give this one a state of its own with --state"


@pytest.mark.parametrize(
    ("written", "told"), [("4711\n", "process 4711"), ("", "process unknown"), ("{]", "process unknown")]
)
def test_what_an_earlier_version_wrote_is_understood_and_what_nobody_wrote_does_no_harm(
    lock: StateLock, tmp_path: Path, written: str, told: str
) -> None:
    with (tmp_path / "daemon.lock").open("w") as held:
        held.write(written)
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StateError, match=f"a daemon runs on this state already, as {told} "):
            lock.acquire()
        assert lock.owner() == (4711 if written.startswith("4711") else None)


def test_the_lock_of_a_killed_daemon_is_free_at_once(lock: StateLock, starting: Starting, tmp_path: Path) -> None:
    first = starting("lock.acquire()")
    said(first)
    first.kill()
    first.wait()
    assert lock.owner() is None
    lock.acquire()
    assert StateLock(tmp_path / "daemon.lock").owner() == os.getpid()
    lock.release()


def test_releasing_what_is_not_held_does_no_harm(lock: StateLock) -> None:
    lock.release()
    lock.acquire()
    lock.release()
    lock.release()
    assert lock.owner() is None


def test_who_only_looks_does_not_keep_a_daemon_from_starting(lock: StateLock, tmp_path: Path) -> None:
    """Looking takes the lock for a moment, shared."""
    (tmp_path / "daemon.lock").touch()
    with (tmp_path / "daemon.lock").open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        threading.Timer(0.05, lambda: fcntl.flock(looked_at, fcntl.LOCK_UN)).start()
        lock.acquire()
    assert StateLock(tmp_path / "daemon.lock").owner() == os.getpid()
    lock.release()


def test_the_first_who_enters_is_alone_and_the_next_are_not(starting: Starting, tmp_path: Path) -> None:
    presence = Presence(tmp_path / "apply.lock")
    assert presence.enter()
    others = [starting("presence.enter()"), starting("presence.enter()")]
    assert [said(other) for other in others] == ["False", "False"]
    presence.leave()
    assert not presence.enter()
    presence.leave()


def test_who_was_killed_is_not_present_any_more(starting: Starting, tmp_path: Path) -> None:
    other = starting("presence.enter()")
    assert said(other) == "True"
    presence = Presence(tmp_path / "apply.lock")
    assert not presence.enter()
    presence.leave()
    other.kill()
    other.wait()
    assert presence.enter()
    presence.leave()


def test_of_many_who_enter_at_once_at_most_one_is_alone(starting: Starting) -> None:
    others = [starting("presence.enter()") for _ in range(4)]
    assert sorted(said(other) for other in others) in (["False"] * 3 + ["True"], ["False"] * 4)
