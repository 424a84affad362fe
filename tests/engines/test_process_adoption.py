"""Steps taken up by a process that did not start them: the daemon was killed, the step was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reconciler.engines.base import Exit, ExitReason, Task
from reconciler.engines.process import ProcessEngine

from .tasks import eventually, is_running, make_task, pids_in

_DAEMON = """
import sys
from pathlib import Path
from reconciler.engines.process import ProcessEngine
from tests.engines.tasks import make_task
task = make_task(Path(sys.argv[1]), sys.argv[2])
engine = ProcessEngine()
handle = engine.start(task)
print(handle, flush=True)
engine.wait(task, handle)
"""
_GATED = "echo begun; while [ ! -e {gate} ]; do sleep 0.02; done; echo done; exit {status}"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A step whose daemon was killed."""

    task: Task
    handle: str

    @property
    def pid(self) -> int:
        return int(self.handle.partition(":")[0])


def _orphan(folder: Path, command: str) -> Orphan:
    """A step started by a daemon that is then killed with all its power to say goodbye."""
    daemon = subprocess.Popen([sys.executable, "-c", _DAEMON, str(folder), command], stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    handle = daemon.stdout.readline().strip()
    daemon.kill()
    daemon.communicate()
    return Orphan(make_task(folder, ""), handle)


def _is_adoptable_child(pid: int) -> bool:
    """Whether it is nobody's child any more, as after a restart."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(stat[1]) != os.getpid()


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        (0, Exit(ExitReason.COMPLETED, 0, "completed")),
        (4, Exit(ExitReason.FAILED, 4, "exited with status 4")),
        (137, Exit(ExitReason.FAILED, 137, "was killed by signal 9 (SIGKILL)")),
    ],
)
def test_a_step_that_still_runs_is_followed_to_its_end(
    engine: ProcessEngine, tmp_path: Path, status: int, ended: Exit
) -> None:
    gate = tmp_path / "gate"
    orphan = _orphan(tmp_path, _GATED.format(gate=gate, status=status))
    assert is_running(orphan.pid)
    assert _is_adoptable_child(orphan.pid)
    gate.touch()
    assert engine.wait(orphan.task, orphan.handle) == ended
    assert orphan.task.log.read_text() == "begun\ndone\n"


def test_a_step_that_ended_while_nobody_looked_is_known_by_the_status_it_left(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    orphan = _orphan(tmp_path, _GATED.format(gate=gate, status=4))
    gate.touch()
    eventually(lambda: not is_running(orphan.pid))
    assert engine.wait(orphan.task, orphan.handle) == Exit(ExitReason.FAILED, 4, "exited with status 4")


def test_a_step_that_was_killed_while_nobody_looked_is_lost_and_leaves_nothing_running(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    """Lost, so that it is started anew; not beside what is left of it."""
    orphan = _orphan(tmp_path, f"echo $$ > {tmp_path}/pids; sleep 1000; true")
    left = pids_in(tmp_path / "pids", 1)[0]
    os.kill(orphan.pid, signal.SIGKILL)
    eventually(lambda: not is_running(orphan.pid))
    assert engine.wait(orphan.task, orphan.handle).reason is ExitReason.LOST
    assert not is_running(left)


def test_an_adopted_step_can_be_cancelled(engine: ProcessEngine, tmp_path: Path) -> None:
    orphan = _orphan(tmp_path, f"sh -c 'echo $$ > {tmp_path}/pids; sleep 1000'; true")
    grandchild = pids_in(tmp_path / "pids", 1)[0]
    engine.cancel(orphan.handle)
    assert engine.wait(orphan.task, orphan.handle) == Exit(ExitReason.CANCELLED, None, "was cancelled")
    assert not is_running(orphan.pid)
    assert not is_running(grandchild)


def test_the_time_before_the_daemon_was_killed_counts_to_the_time_limit(engine: ProcessEngine, tmp_path: Path) -> None:
    orphan = _orphan(tmp_path, f"echo $$ > {tmp_path}/pids; sleep 1000")
    pids_in(tmp_path / "pids", 1)
    ended = engine.wait(replace(orphan.task, timeout_seconds=0.01), orphan.handle)
    assert ended.reason is ExitReason.TIMED_OUT
    assert not is_running(orphan.pid)


def test_two_engines_that_follow_one_step_agree_about_its_end(engine: ProcessEngine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    task = make_task(tmp_path, _GATED.format(gate=gate, status=4))
    handle = engine.start(task)
    gate.touch()
    assert engine.wait(task, handle) == ProcessEngine().wait(task, handle)


@pytest.fixture
def bystander() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "1000"], start_new_session=True)


class TestAProcessIdThatWasGivenOutAgain:
    """The handle of a step that is long gone, whose id another process has by now."""

    @pytest.fixture(autouse=True)
    def ended(self, bystander: subprocess.Popen[bytes]) -> object:
        yield
        bystander.kill()
        bystander.wait()

    def test_is_not_waited_for(self, engine: ProcessEngine, tmp_path: Path, bystander: subprocess.Popen[bytes]) -> None:
        ended = engine.wait(make_task(tmp_path, ""), f"{bystander.pid}:1")
        assert ended.reason is ExitReason.LOST

    def test_gives_the_status_that_the_step_left(
        self, engine: ProcessEngine, tmp_path: Path, bystander: subprocess.Popen[bytes]
    ) -> None:
        task = make_task(tmp_path, "exit 5")
        engine.wait(task, engine.start(task))
        assert engine.wait(task, f"{bystander.pid}:1").code == 5

    def test_is_not_killed_when_the_step_is_cancelled_or_its_time_is_up(
        self, engine: ProcessEngine, tmp_path: Path, bystander: subprocess.Popen[bytes]
    ) -> None:
        engine.cancel(f"{bystander.pid}:1")
        engine.wait(make_task(tmp_path, "", timeout_seconds=0.01), f"{bystander.pid}:1")
        assert bystander.poll() is None


def test_a_step_is_known_again_by_the_kernels_count_which_no_setting_of_the_clock_moves(
    engine: ProcessEngine, tmp_path: Path
) -> None:
    """A start as wall-clock time moves with the clock, and a running step would be taken for lost."""
    gate = tmp_path / "gate"
    task = make_task(tmp_path, _GATED.format(gate=gate, status=0))
    handle = engine.start(task)
    pid, _, start = handle.partition(":")
    assert start == Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    gate.touch()
    engine.wait(task, handle)
