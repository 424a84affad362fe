"""Containers that are ended, left, followed by the next process, or orphaned."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.containers.connection import Connection
from reconciler.engines.base import Exit, ExitReason, Task
from reconciler.engines.docker import DockerEngine
from reconciler.model.configuration import DockerSettings
from tests.engines.tasks import eventually

from .tasks import Bench


@pytest.fixture
def next_engine(connection: Connection, settings: DockerSettings, state_id: str) -> DockerEngine:
    """That of a process which is started after the first one has gone."""
    return DockerEngine(connection, settings, state_id, kill_grace_seconds=1.0)


def _bare(task: Task) -> Task:
    """What a later process knows of a task."""
    return replace(task, command="", code_folder=None, environment="", variables={}, inputs={})


def _in_thread(wait: Callable[[], Exit]) -> tuple[threading.Thread, list[Exit]]:
    ended: list[Exit] = []
    thread = threading.Thread(target=lambda: ended.append(wait()))
    thread.start()
    return thread, ended


def test_a_cancelled_step_has_ended_within_ten_seconds_even_where_it_ignores_being_asked(bench: Bench) -> None:
    task = bench.task("trap '' TERM; echo begun; while true; do sleep 1; done")
    handle = bench.engine.start(task)
    thread, ended = _in_thread(lambda: bench.engine.wait(task, handle))
    eventually(lambda: task.log.read_text() == "begun\n")
    begun = time.monotonic()
    bench.engine.cancel(handle)
    thread.join(10)
    assert time.monotonic() - begun < 10
    assert ended == [Exit(ExitReason.CANCELLED, None, "was cancelled")]


def test_a_cancelled_step_is_asked_first_so_that_it_can_save_what_it_has(bench: Bench) -> None:
    task = bench.task("trap 'echo saved; exit 0' TERM; echo begun; while true; do sleep 0.1; done")
    handle = bench.engine.start(task)
    thread, ended = _in_thread(lambda: bench.engine.wait(task, handle))
    eventually(lambda: task.log.read_text() == "begun\n")
    bench.engine.cancel(handle)
    thread.join(10)
    assert ended[0].reason is ExitReason.CANCELLED
    assert task.log.read_text().splitlines()[-1] == "saved"


def test_a_step_that_is_cancelled_before_it_begins_never_executes(bench: Bench) -> None:
    task = bench.task("echo begun")
    handle = bench.engine.start(task, bench.engine.cancel)
    assert bench.engine.wait(task, handle).reason is ExitReason.CANCELLED
    assert task.log.read_text() == ""


def test_a_left_step_goes_on_and_the_next_process_takes_its_result(bench: Bench, next_engine: DockerEngine) -> None:
    task = bench.task("echo begun; while [ ! -e go ]; do sleep 0.1; done; echo 1 > outputs/result")
    handle = bench.engine.start(task)
    thread, ended = _in_thread(lambda: bench.engine.wait(task, handle))
    eventually(lambda: task.log.read_text() == "begun\n")
    bench.engine.leave(handle)
    thread.join(5)
    assert [each.reason for each in ended] == [ExitReason.LEFT]

    thread, ended = _in_thread(lambda: next_engine.wait(_bare(task), handle))
    (task.folder / "go").touch()
    thread.join(10)
    assert ended == [Exit(ExitReason.COMPLETED, 0, "completed")]
    assert (task.folder / "outputs" / "result").read_text() == "1\n"


def test_a_step_that_ended_while_nobody_followed_is_collected(bench: Bench, next_engine: DockerEngine) -> None:
    task = bench.task("exit 4")
    handle = bench.engine.start(task)
    eventually((task.folder / "exit").exists)
    assert next_engine.wait(_bare(task), handle) == Exit(ExitReason.FAILED, 4, "exited with status 4")


def test_the_time_limit_counts_from_the_start_after_an_adoption_too(bench: Bench, next_engine: DockerEngine) -> None:
    task = bench.task("sleep 60", timeout_seconds=2.0)
    handle = bench.engine.start(task)
    time.sleep(2.0)
    begun = time.monotonic()
    assert next_engine.wait(_bare(task), handle).reason is ExitReason.TIMED_OUT
    assert time.monotonic() - begun < 6.0


def test_a_container_that_somebody_removed_is_lost(bench: Bench, connection: Connection) -> None:
    task = bench.task("sleep 60")
    handle = bench.engine.start(task)
    connection.api.remove_container(handle, force=True)
    assert bench.engine.wait(task, handle).reason is ExitReason.LOST


def test_a_container_that_somebody_killed_may_begin_anew(bench: Bench, connection: Connection) -> None:
    task = bench.task("echo begun; sleep 60")
    handle = bench.engine.start(task)
    eventually(lambda: task.log.read_text() == "begun\n")
    connection.api.kill(handle)
    assert bench.engine.wait(task, handle).reason is ExitReason.INTERRUPTED


def test_a_container_that_was_made_but_never_started_begins_anew(bench: Bench, next_engine: DockerEngine) -> None:
    """Its process was killed between the two."""
    task = bench.task("true")

    handles: list[str] = []

    def note_and_die(handle: str) -> None:
        handles.append(handle)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.engine.start(task, note_and_die)
    assert next_engine.wait(_bare(task), handles[0]).reason is ExitReason.INTERRUPTED
    assert next_engine.wait(task, next_engine.start(task)).reason is ExitReason.COMPLETED


def test_leftovers_are_removed_and_known_ones_are_not(
    bench: Bench, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = (bench.engine.start(bench.task("sleep 60")) for _ in range(2))
    bench.engine.remove_leftovers({known})
    assert {known, unknown} <= _all(connection)  # both are young: their handles may be noted in a moment
    monkeypatch.setattr("reconciler.engines.docker._YOUNG_SECONDS", -5.0)
    bench.engine.remove_leftovers({known})
    assert known in _all(connection)
    assert unknown not in _all(connection)


def _all(connection: Connection) -> set[str]:
    return {container["Id"] for container in connection.api.containers(all=True)}


def test_the_log_of_a_container_does_not_fill_the_engine(bench: Bench, connection: Connection, tmp_path: Path) -> None:
    task = bench.task("yes | head -n 200000; sleep 60")
    handle = bench.engine.start(task)
    eventually(lambda: task.log.stat().st_size == 400_000)
    assert connection.api.logs(handle) == b""
    bench.engine.cancel(handle)
