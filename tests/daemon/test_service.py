"""The daemon as a process: what wakes it, how it stops, and what the next one finds."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from reconciler.cli.daemon_client import at_socket
from reconciler.model.runs import RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.lock import StateLock

from .daemon_process import DaemonProcess, runs, statuses, to_its_end, until
from .origin import Origin, pipeline
from .waiting import Waiting

GREET = "greet.yaml"
SUCCEEDED = RunStatus.SUCCEEDED


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_push_starts_a_run_at_once(origin: Origin, state: Path) -> None:
    origin.push({GREET: pipeline("true")})
    with DaemonProcess(origin.url, state) as daemon:
        until(lambda: statuses(state) == [SUCCEEDED])
        pushed = time.time()
        origin.push({GREET: pipeline("echo second")})
        until(lambda: statuses(state) == [SUCCEEDED, SUCCEEDED])
        second = runs(state)[-1]
        assert second.trigger == "push"
        assert second.started - pushed < 3.0  # about one second where nothing else keeps the machine busy
        assert daemon.end().code == 0


def test_it_says_what_it_applied_started_and_refused(origin: Origin, state: Path) -> None:
    first = origin.push({GREET: pipeline("true")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("greet-1 succeeded")
        second = origin.push({GREET: "type: pipeline\njobs: 7\n"})
        daemon.until_said("refused")
        said = daemon.end().said
    lines = said.splitlines()
    assert lines[0] == f"following main of {origin.url}; state in {state}; engine process"
    assert lines[1:3] == [f"applied main@sha1:{first}", "started greet"]
    assert f"refused main@sha1:{second}: greet.yaml:2:1: error: " in said
    assert said.count("refused") == 1


def test_a_second_daemon_on_the_same_state_is_refused_with_the_way_out(origin: Origin, state: Path) -> None:
    with DaemonProcess(origin.url, state) as daemon:
        until(lambda: (state / "daemon.lock").exists() and (state / "daemon.lock").read_text())
        for options in ((), ("--once",)):
            second = to_its_end(origin.url, state, *options)
            assert second.code == 1
            assert f"error: {state}: a daemon runs on this state already, as process {daemon.pid}" in second.said
            assert f"hint: stop it with `kill {daemon.pid}`" in second.said
            assert "Traceback" not in second.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(origin: Origin, state: Path, number: signal.Signals) -> None:
    origin.push({"README.md": "words\n"})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("applied")
        ended = daemon.end(number)
    assert ended.code == 0
    assert "Traceback" not in ended.said
    assert StateLock(state / "daemon.lock").owner() is None


def test_a_step_that_runs_when_it_stops_goes_on_for_the_next_to_follow(
    origin: Origin, state: Path, waiting: Waiting
) -> None:
    origin.push({GREET: waiting.manifest})
    with DaemonProcess(origin.url, state) as daemon:
        waiting.until_second()
        assert daemon.end().code == 0
    assert statuses(state) == [RunStatus.RUNNING]
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("taking up greet-1 again")
        waiting.go_on()
        until(lambda: statuses(state) == [SUCCEEDED])
    assert waiting.begun() == ["first", "second"]


def test_a_step_that_runs_when_it_is_killed_goes_on_and_is_not_repeated(
    origin: Origin, state: Path, waiting: Waiting
) -> None:
    origin.push({GREET: waiting.manifest})
    with DaemonProcess(origin.url, state) as daemon:
        waiting.until_second()
        assert daemon.end(signal.SIGKILL).code == -signal.SIGKILL
    waiting.go_on()
    with DaemonProcess(origin.url, state):
        until(lambda: statuses(state) == [SUCCEEDED])
    assert waiting.begun() == ["first", "second"]


def test_a_request_is_answered(origin: Origin, state: Path) -> None:
    commit = origin.push({GREET: pipeline("true")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("greet-1 succeeded")
        answer = at_socket(StateFolder(state).socket).post("reconcile", "main")
        assert answer == {"source": "main", "message": f"main@sha1:{commit}"}


def test_a_source_that_cannot_be_watched_is_looked_at_now_and_then(origin: Origin, state: Path, tmp_path: Path) -> None:
    """A linked work tree keeps its refs elsewhere, as a server does."""
    origin.push({GREET: pipeline("true")})
    origin.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    with DaemonProcess(tmp_path / "linked", state, "--interval", "1"):
        until(lambda: statuses(state) == [SUCCEEDED])
        origin.push({GREET: pipeline("echo second")})
        until(lambda: statuses(state) == [SUCCEEDED, SUCCEEDED])
        assert runs(state)[-1].trigger == "interval"


def test_a_source_that_is_not_there_yet_is_waited_for(state: Path, tmp_path: Path) -> None:
    with DaemonProcess(tmp_path / "git" / "origin.git", state, "--interval", "1") as daemon:
        daemon.until_said("does not appear to be a git repository")
        Origin(tmp_path / "git").push({GREET: pipeline("true")})
        until(lambda: statuses(state) == [SUCCEEDED])
        assert daemon.said.count("does not appear to be a git repository") == 1
