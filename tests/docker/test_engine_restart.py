"""An engine that goes away in the middle of a step: stopped, killed, back again, or gone for good."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.containers.connection import Connection
from reconciler.engines.base import Exit, ExitReason, Task
from reconciler.engines.docker import DockerEngine
from reconciler.model.configuration import DockerSettings
from tests.engines.tasks import eventually

from .own_engine import OwnEngine, may_start_engines
from .tasks import Bench


@pytest.fixture(scope="module")
def daemon() -> Iterator[OwnEngine]:
    if not may_start_engines():
        assert not os.environ.get("CI"), "CI can start an engine"
        pytest.skip("no Docker engine can be started without being root")
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    daemon = OwnEngine(folder)
    daemon.start()
    daemon.have_small()
    yield daemon
    daemon.remove()


@pytest.fixture
def bench(daemon: OwnEngine, tmp_path: Path) -> Iterator[Bench]:
    engine = DockerEngine(Connection(daemon.host), DockerSettings(host=daemon.host, patience_seconds=30.0), "restart")
    yield Bench(engine, tmp_path)
    engine.close()


class Followed:
    """A step that is followed by a thread."""

    def __init__(self, bench: Bench, task: Task) -> None:
        self.ended: list[Exit] = []
        self.handle = bench.engine.start(task)
        self._thread = threading.Thread(target=lambda: self.ended.append(bench.engine.wait(task, self.handle)))
        self._thread.start()
        eventually(lambda: task.log.read_text() == "begun\n")

    def end(self) -> Exit:
        self._thread.join(60)
        return self.ended[0]


def test_a_step_that_the_engine_ended_on_its_way_down_may_begin_anew(bench: Bench, daemon: OwnEngine) -> None:
    followed = Followed(bench, bench.task("echo begun; sleep 100"))
    daemon.stop()
    daemon.start()
    assert followed.end() == Exit(
        ExitReason.INTERRUPTED, None, "was ended from outside, as by an engine that is stopped"
    )


def test_a_step_that_ended_well_before_the_engine_went_away_has_succeeded(bench: Bench, daemon: OwnEngine) -> None:
    task = bench.task("echo begun; sleep 1.5; echo 1 > outputs/result")
    followed = Followed(bench, task)
    os.kill(daemon_pid(daemon), signal.SIGSTOP)  # it answers nobody while the container comes to its end
    try:
        eventually((task.folder / "exit").exists)
    finally:
        os.kill(daemon_pid(daemon), signal.SIGCONT)
    daemon.stop()
    daemon.start()
    assert followed.end() == Exit(ExitReason.COMPLETED, 0, "completed")


def test_a_step_goes_on_where_only_the_engines_process_was_killed_and_comes_back(
    bench: Bench, daemon: OwnEngine
) -> None:
    """Containers are children of another process; an engine that comes back ends those that it finds."""
    followed = Followed(bench, bench.task("echo begun; sleep 100"))
    daemon.stop(signal.SIGKILL)
    time.sleep(0.5)
    daemon.forget_pids()
    daemon.start()
    assert followed.end().reason is ExitReason.INTERRUPTED


def test_a_step_that_is_to_start_while_the_engine_is_away_starts_once_it_is_back(
    bench: Bench, daemon: OwnEngine
) -> None:
    bench.run(bench.task("true"))
    daemon.stop()
    ended: list[Exit] = []
    thread = threading.Thread(target=lambda: ended.append(bench.run(bench.task("true"))))
    thread.start()
    time.sleep(1.0)
    assert ended == []
    daemon.start()
    thread.join(30)
    assert ended == [Exit(ExitReason.COMPLETED, 0, "completed")]


def test_an_engine_that_stays_away_fails_the_step_after_our_patience(daemon: OwnEngine, tmp_path: Path) -> None:
    impatient = replace(DockerSettings(host=daemon.host), patience_seconds=1.0)
    engine = DockerEngine(Connection(daemon.host), impatient, "restart")
    followed = Followed(Bench(engine, tmp_path), Bench(engine, tmp_path / "task").task("echo begun; sleep 100"))
    daemon.stop(signal.SIGKILL)
    ended = followed.end()
    daemon.forget_pids()
    daemon.start()
    engine.close()
    assert ended == Exit(ExitReason.ENGINE_GONE, None, "the Docker engine was gone for 1 seconds")


def daemon_pid(daemon: OwnEngine) -> int:
    return int(Path(f"{daemon.host.removeprefix('unix://')}").with_name("pid").read_text())
