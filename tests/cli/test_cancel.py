"""`cancel`: a run ends with all that executes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reconciler.model.runs import RunStatus
from tests.daemon.daemon_process import DaemonProcess, statuses, until
from tests.daemon.origin import Origin, pipeline
from tests.engines.tasks import is_running

from .program import reconciler

SLOW = "slow.yaml"
CANCELLED = [RunStatus.CANCELLED]


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "git")


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "pid"


@pytest.fixture
def daemon(origin: Origin, state: Path, pid_file: Path) -> Iterator[DaemonProcess]:
    """A daemon whose pipeline is in the middle of its only step."""
    origin.push({SLOW: pipeline(f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; sleep 600", name="slow")})
    with DaemonProcess(origin.url, state) as daemon:
        until(pid_file.exists)
        yield daemon
    pid = int(pid_file.read_text())
    if is_running(pid):
        psutil.Process(pid).terminate()


def is_over(pid_file: Path) -> bool:
    return not is_running(int(pid_file.read_text()))


@pytest.mark.parametrize("target", ["slow-1", "slow"])
def test_the_daemon_ends_its_run(daemon: DaemonProcess, state: Path, pid_file: Path, target: str) -> None:
    answer = reconciler("cancel", target, "--state", state)
    assert (answer.code, answer.out, answer.err) == (0, "slow-1: cancelled\n", "")
    assert is_over(pid_file)
    assert statuses(state) == CANCELLED


def test_it_is_not_tried_again_until_someone_asks(daemon: DaemonProcess, state: Path, pid_file: Path) -> None:
    reconciler("cancel", "slow", "--state", state)
    until(lambda: "slow-1 was cancelled: ended by hand" in reconciler("get", "pipelines", "--state", state).out)
    pid_file.unlink()
    reconciler("reconcile", "--state", state)
    until(pid_file.exists)
    assert statuses(state) == [*CANCELLED, RunStatus.RUNNING]
    assert reconciler("cancel", "slow-2", "--state", state).code == 0


def test_what_a_stopped_daemon_left_running_is_ended_too(daemon: DaemonProcess, state: Path, pid_file: Path) -> None:
    assert daemon.end().code == 0
    assert not is_over(pid_file)
    answer = reconciler("cancel", "slow", "--state", state, "--tracking", "none")
    assert (answer.code, answer.out) == (0, "slow-1: cancelled\n")
    assert is_over(pid_file)
    steps = reconciler("runs", "slow-1", "--state", state, "-o", "json").data[0]["steps"]
    assert [(step["status"], step["reasons"]) for step in steps] == [("cancelled", ["its process ended"])]


def test_a_run_that_is_over_is_not_cancelled(daemon: DaemonProcess, state: Path) -> None:
    reconciler("cancel", "slow", "--state", state)
    over = reconciler("cancel", "slow-1", "--state", state)
    assert (over.code, over.err.splitlines()[0]) == (1, "error: slow-1 is over already: cancelled")
    none = reconciler("cancel", "slow", "--state", state)
    assert (none.code, none.err.splitlines()[0]) == (1, "error: no run of `slow` is under way")


def test_what_there_is_not_is_refused(state: Path) -> None:
    answer = reconciler("cancel", "nope", "--state", state)
    assert (answer.code, answer.err) == (
        1,
        "error: there is no run and no pipeline `nope`\nhint: see `reconciler runs`\n",
    )
