"""Executions ended early: by their time limit, or on purpose; nothing of them stays."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from reconciler.engines.base import Exit, ExitReason, Task
from reconciler.engines.process import ProcessEngine

from .tasks import eventually, is_running, make_task, pids_in

CANCELLED = Exit(ExitReason.CANCELLED, None, "was cancelled")

FAMILIES = {
    "a child": "echo $$ > {pids}; sleep 1000",
    "grandchildren": "sh -c 'echo $$ >> {pids}; sh -c \"echo \\$\\$ >> {pids}; sleep 1000\"; true'; true",
    "background children": "for i in 1 2 3; do sleep 1000 & echo $! >> {pids}; done; wait",
    "orphans of the group": "(sh -c 'sleep 1000 & echo $! >> {pids}'); sleep 1000",
    "a process that ignores SIGTERM": "sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 0.1; done'; true",
    "an orphan that ignores SIGTERM": (
        '(sh -c \'trap "" TERM; sh -c "echo \\$\\$ >> {pids}; while :; do sleep 0.1; done" &\'); sleep 1000'
    ),
    "a child with a session of its own": "setsid -w sh -c 'echo $$ >> {pids}; sleep 1000'; true",
}
COUNTS = {"grandchildren": 2, "background children": 3}


@pytest.fixture
def family(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, Path, int]:
    pids = tmp_path / "pids"
    return FAMILIES[request.param].format(pids=pids), pids, COUNTS.get(request.param, 1)


each_family = pytest.mark.parametrize("family", list(FAMILIES), indirect=True)


@each_family
def test_when_its_time_is_up_a_step_ends_with_all_that_it_started(
    engine: ProcessEngine, tmp_path: Path, family: tuple[str, Path, int]
) -> None:
    command, file, count = family
    task = make_task(tmp_path, command, timeout_seconds=0.05)
    handle = engine.start(task)
    pids = pids_in(file, count)
    ended = engine.wait(task, handle)
    assert ended == Exit(ExitReason.TIMED_OUT, None, "took longer than its time limit of 0.05 seconds")
    assert [pid for pid in pids if is_running(pid)] == []


@each_family
def test_a_cancelled_step_is_told_to_be_over_only_when_all_that_it_started_has_ended(
    engine: ProcessEngine, tmp_path: Path, family: tuple[str, Path, int]
) -> None:
    command, file, count = family
    task = make_task(tmp_path, command)
    handle = engine.start(task)
    pids = pids_in(file, count)
    cancelling = threading.Thread(target=engine.cancel, args=(handle,))
    cancelling.start()
    ended = engine.wait(task, handle)
    assert [pid for pid in pids if is_running(pid)] == []
    assert ended == CANCELLED
    cancelling.join()


def test_a_step_may_tidy_up_when_it_is_cancelled(engine: ProcessEngine, tmp_path: Path) -> None:
    started, tidy = tmp_path / "started", tmp_path / "tidy"
    task = make_task(tmp_path, f"trap 'touch {tidy}; exit 0' TERM; touch {started}; while :; do sleep 0.05; done")
    handle = engine.start(task)
    eventually(started.exists)
    engine.cancel(handle)
    assert engine.wait(task, handle) == CANCELLED
    assert tidy.exists()


def test_what_a_step_left_in_the_background_ends_with_it(engine: ProcessEngine, tmp_path: Path) -> None:
    """Otherwise it would write into outputs that are taken in already."""
    task = make_task(tmp_path, f"sleep 1000 & echo $! > {tmp_path}/pids; exit 0")
    assert engine.wait(task, engine.start(task)).reason is ExitReason.COMPLETED
    assert not is_running(pids_in(tmp_path / "pids", 1)[0])


def test_what_outlives_a_killed_shell_ends_before_the_step_is_told_to_have_failed(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    """Otherwise a retry would run beside it."""
    task = make_task(tmp_path, f"echo $$ > {tmp_path}/pids; sleep 1000; true")
    handle = engine.start(task)
    pid = pids_in(tmp_path / "pids", 1)[0]
    os.kill(int(handle.partition(":")[0]), signal.SIGKILL)
    assert engine.wait(task, handle).message == "was killed by signal 9 (SIGKILL)"
    assert not is_running(pid)


def test_cancelling_what_has_ended_harms_nothing(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "true")
    handle = engine.start(task)
    assert engine.wait(task, handle).reason is ExitReason.COMPLETED
    engine.cancel(handle)
    engine.cancel(handle)


def test_a_step_cancelled_before_anybody_waits_for_it_is_cancelled(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "sleep 1000")
    handle = engine.start(task)
    engine.cancel(handle)
    assert engine.wait(task, handle) == CANCELLED


def test_cancelling_one_step_leaves_the_others_alone(engine: ProcessEngine, tmp_path: Path) -> None:
    tasks: list[Task] = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        tasks.append(make_task(tmp_path / name, f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"))
    handles = [engine.start(task) for task in tasks]
    engine.cancel(handles[0])
    (tmp_path / "go").touch()
    assert engine.wait(tasks[0], handles[0]) == CANCELLED
    assert engine.wait(tasks[1], handles[1]).reason is ExitReason.COMPLETED


def test_no_step_is_ended_before_its_time_is_up(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "sleep 1000", timeout_seconds=1.5)
    before = time.monotonic()
    assert engine.wait(task, engine.start(task)).reason is ExitReason.TIMED_OUT
    assert time.monotonic() - before > 1.4


def test_a_step_that_ends_within_its_limit_is_not_held_up_by_it(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "true", timeout_seconds=1e9)
    before = time.monotonic()
    assert engine.wait(task, engine.start(task)).reason is ExitReason.COMPLETED
    assert time.monotonic() - before < 10
