"""The state cannot be written for a while: what runs goes on, nothing is lost, and nobody has to do anything."""

from __future__ import annotations

import re
import resource
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from reconciler.model.runs import RunStatus
from tests.daemon.daemon_process import DaemonProcess, runs, until
from tests.daemon.origin import Origin
from tests.e2e.careful_pipeline import CarefulPipeline
from tests.e2e.program import reconciler

pytestmark = pytest.mark.e2e


class Watched:
    """A daemon with a pipeline that is under way, and what becomes of it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.pipeline = CarefulPipeline(folder / "notes")
        self.origin = Origin(folder / "git")

    def push(self, salt: str) -> None:
        self.origin.push(self.pipeline.files(salt, salt))

    def daemon(self) -> DaemonProcess:
        return DaemonProcess(self.origin.url, self.state, "--engine", "process")

    def statuses(self) -> list[RunStatus]:
        return [run.status for run in runs(self.state)]

    def until_current(self, number: int) -> None:
        """Block until so many runs succeeded; none failed."""
        until(lambda: self.statuses() == [RunStatus.SUCCEEDED] * number, 120)

    def faults(self) -> list[str]:
        with closing(sqlite3.connect(self.state / "state.db")) as connection:
            return [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]

    def repeated(self) -> dict[tuple[str, str], int]:
        return {key: times for key, times in self.pipeline.executions().items() if times > 1}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_state_that_somebody_else_holds_for_longer_than_it_is_waited_for_holds_nothing_up_for_good(
    watched: Watched,
) -> None:
    watched.push("one")
    with watched.daemon() as daemon:
        until(lambda: len(watched.pipeline.executions()) > 1, 60)
        with closing(sqlite3.connect(watched.state / "state.db", timeout=30, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            daemon.until_said("the state cannot be written, and what runs waits for it: database is locked", 60)
            told = reconciler("get", "sources", "--state", watched.state).out
            assert re.search("StateUnavailable +the state cannot be written.*database is locked", told), told
            holder.execute("ROLLBACK")
        watched.until_current(1)
        assert daemon.code is None
        daemon.end()
    assert watched.faults() == []
    assert watched.repeated() == {}
    assert watched.pipeline.spoilt() == ""


def test_a_disk_that_is_full_for_a_while_loses_nothing_and_ends_nothing(watched: Watched) -> None:
    """No disk is filled: the kernel refuses what the daemon writes beyond a size, as it would on one."""
    watched.push("one")
    with watched.daemon() as daemon:
        until(lambda: len(watched.pipeline.executions()) > 1, 60)
        _limit(daemon.pid, 4096)
        daemon.until_said("the state cannot be written", 60)
        time.sleep(3.0)
        assert daemon.code is None
        assert RunStatus.FAILED not in watched.statuses()
        told = reconciler("get", "sources", "--state", watched.state).out
        assert re.search("StateUnavailable +the state cannot be written", told), told
        _limit(daemon.pid, resource.RLIM_INFINITY)
        watched.until_current(1)
        assert "StateUnavailable" not in reconciler("get", "sources", "--state", watched.state).out
        watched.push("two")
        watched.until_current(2)
        daemon.end()
    assert watched.faults() == []
    assert watched.repeated() == {}
    assert watched.pipeline.spoilt() == ""


def _limit(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    assert psutil.pid_exists(pid)


def test_a_remote_that_is_away_is_said_and_waited_for_while_runs_go_on(watched: Watched, tmp_path: Path) -> None:
    watched.push("one")
    away = tmp_path / "away.git"
    with watched.daemon() as daemon:
        until(lambda: len(watched.pipeline.executions()) > 1, 60)
        watched.origin.url.rename(away)
        asked = reconciler("reconcile", "main", "--wait", "--state", watched.state)
        assert asked.code == 1
        assert "SourceUnavailable" in reconciler("get", "sources", "--state", watched.state).out
        watched.until_current(1)
        away.rename(watched.origin.url)
        watched.push("two")
        reconciler("reconcile", "main", "--wait", "--state", watched.state)
        watched.until_current(2)
        assert "SourceUnavailable" not in reconciler("get", "sources", "--state", watched.state).out
        daemon.end()
    assert watched.repeated() == {}


def test_a_history_that_is_rewritten_under_a_run_takes_nothing_from_it(watched: Watched) -> None:
    watched.push("one")
    with watched.daemon() as daemon:
        until(lambda: len(watched.pipeline.executions()) > 1, 60)
        watched.origin.git("commit", "--quiet", "--amend", "--message", "another history")
        watched.origin.git("push", "--quiet", "--force", "origin", "HEAD:main")
        watched.origin.git("reflog", "expire", "--expire=now", "--all")
        reconciler("reconcile", "main", "--wait", "--state", watched.state)
        watched.until_current(1)
        watched.push("two")
        reconciler("reconcile", "main", "--wait", "--state", watched.state)
        watched.until_current(2)
        daemon.end()
    assert watched.repeated() == {}
    assert Counter(run.pipeline for run in runs(watched.state)) == {"careful": 2}
