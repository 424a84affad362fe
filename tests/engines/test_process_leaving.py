"""Executions that are left to go on, and what is kept of them before they begin."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconciler.engines.base import Exit, ExitReason
from reconciler.engines.process import ProcessEngine
from reconciler.model.errors import StateError

from .tasks import eventually, make_task

LEFT = Exit(ExitReason.LEFT, None, "goes on")
COMPLETED = Exit(ExitReason.COMPLETED, 0, "completed")


def test_a_step_that_is_left_goes_on_and_is_followed_by_another_engine(engine: ProcessEngine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    task = make_task(tmp_path, f"until test -e {gate}; do sleep 0.02; done; echo done > {tmp_path}/witness")
    handle = engine.start(task)
    ends: list[Exit] = []
    waiting = threading.Thread(target=lambda: ends.append(engine.wait(task, handle)))
    waiting.start()
    engine.leave(handle)
    waiting.join(timeout=10)
    assert ends == [LEFT]
    gate.touch()
    assert ProcessEngine().wait(task, handle) == COMPLETED
    assert (tmp_path / "witness").read_text() == "done\n"


def test_a_step_may_be_left_before_anybody_waits_for_it(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "sleep 1000")
    handle = engine.start(task)
    engine.leave(handle)
    assert engine.wait(task, handle) == LEFT
    engine.cancel(handle)


def test_a_step_that_has_ended_when_it_is_left_has_ended(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "true")
    handle = engine.start(task)
    eventually((task.folder / "exit").exists)
    assert engine.wait(task, handle) == COMPLETED
    engine.leave(handle)
    assert engine.wait(task, handle) == COMPLETED


def test_nothing_executes_before_the_handle_is_kept(engine: ProcessEngine, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    seen: list[bool] = []
    task = make_task(tmp_path, f"echo begun > {witness}")
    kept: list[str] = []

    def keep(handle: str) -> None:
        kept.append(handle)
        seen.append(witness.exists())

    handle = engine.start(task, keep)
    assert engine.wait(task, handle) == COMPLETED
    assert (kept, seen) == ([handle], [False])
    assert witness.exists()


def test_nothing_executes_where_the_handle_cannot_be_kept(engine: ProcessEngine, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    task = make_task(tmp_path, f"echo begun > {witness}")
    kept: list[str] = []

    def keep(handle: str) -> None:
        kept.append(handle)
        raise StateError("the disk is full")

    with pytest.raises(StateError):
        engine.start(task, keep)
    assert engine.wait(task, kept[0]).reason is ExitReason.LOST
    assert not witness.exists()


def test_nothing_executes_where_the_program_is_killed_before_it_kept_the_handle(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from reconciler.engines.process import ProcessEngine
from tests.engines.tasks import make_task
task = make_task(Path({str(tmp_path)!r}), "echo begun > {tmp_path}/witness")
def keep(handle):
    Path({str(tmp_path)!r}, "handle").write_text(handle)
    os.kill(os.getpid(), signal.SIGKILL)
ProcessEngine().start(task, keep)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    task = make_task(tmp_path, "")
    assert ProcessEngine().wait(task, (tmp_path / "handle").read_text()).reason is ExitReason.LOST
    assert not (tmp_path / "witness").exists()
