"""`get --watch`: how resources stand, and each time that changes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.daemon.daemon_process import DaemonProcess, until
from tests.daemon.origin import Origin, pipeline
from tests.daemon.waiting import Waiting

from .conftest import Followed
from .contracts import RESOURCES, keeps
from .program import reconciler
from .watched import WatchedVerb


def test_a_run_is_seen_to_start_and_to_end_and_a_pipeline_to_go(tmp_path: Path, waiting: Waiting) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({"other.yaml": pipeline("true", name="other")})
    reconciler("get", "--state", state)
    with WatchedVerb("get", "--watch", "--state", state) as watched, DaemonProcess(origin.url, state):
        watched.until_told("other-1 is current")
        origin.push({"greet.yaml": waiting.manifest, "other.yaml": None})
        watched.until_told("greet-1 is running")
        assert "pipeline/greet" in watched.until_told("greet-1 is running")
        watched.until_told("pipeline/other                      ")
        waiting.go_on()
        assert "  True   RunSucceeded " in watched.until_told("greet-1 is current")
        assert watched.interrupt() == (0, "")
    assert [line for line in watched.lines if "pipeline/other" in line][-1].endswith(
        "Removed           is gone from its source"
    )


def test_a_line_of_json_for_each_change(followed: Followed) -> None:
    with WatchedVerb("get", "pipelines", "-w", "-o", "json", "--state", followed.state) as watched:
        watched.until_told("lending-2 is current")
        watched.until_told("failing")
        assert watched.interrupt() == (0, "")
    told = [json.loads(line) for line in watched.lines]
    assert keeps(RESOURCES, told)
    assert told == [
        {**each, "removed": False}
        for each in reconciler("get", "pipelines", "-o", "json", "--state", followed.state).data
    ]


def test_nothing_is_told_twice_though_somebody_writes(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({"greet.yaml": pipeline("true")})
    with DaemonProcess(origin.url, state):
        until(lambda: "greet-1 is current" in reconciler("get", "--state", state).out)
        with WatchedVerb("get", "--watch", "--state", state) as watched:
            watched.until_told("greet-1 is current")
            before = len(watched.lines)
            reconciler("reconcile", "--state", state)
            time.sleep(0.6)
            assert len(watched.lines) == before
            assert watched.interrupt() == (0, "")


def test_waiting_takes_next_to_no_processor(followed: Followed) -> None:
    with WatchedVerb("get", "--watch", "--state", followed.state) as watched:
        watched.until_told("lending-2 is current")
        process = psutil.Process(watched.pid)
        before = sum(process.cpu_times()[:2])
        time.sleep(2)
        assert sum(process.cpu_times()[:2]) - before < 0.1
        assert watched.interrupt() == (0, "")


def test_on_a_terminal_the_table_is_drawn_again(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({"greet.yaml": pipeline("true")})
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "get", "pipelines", "--watch", "--state", str(state)]
    with DaemonProcess(origin.url, state):
        until(lambda: "greet-1 is current" in reconciler("get", "--state", state).out)
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
        shown = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        try:
            seen = _read_until(ours, b"greet-1 is current")
            origin.push({"greet.yaml": pipeline("echo again")})
            seen += _read_until(ours, b"greet-2 is current")
            shown.send_signal(signal.SIGINT)
            assert shown.wait(timeout=15) == 0
        finally:
            shown.kill()
            shown.wait()
            os.close(ours)
    assert seen.count(b"REASON") >= 2


def _read_until(terminal: int, text: bytes) -> bytes:
    seen = b""
    deadline = time.monotonic() + 15
    while text not in seen:
        assert time.monotonic() < deadline, seen
        seen += os.read(terminal, 4096)
    return seen
