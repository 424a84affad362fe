"""A daemon that is told to stop and has been given time for what runs."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus

from .daemon_process import DaemonProcess, statuses, until
from .origin import Origin, pipeline
from .waiting import Waiting


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_what_runs_comes_to_its_end_and_nothing_new_begins(origin: Origin, state: Path, waiting: Waiting) -> None:
    origin.push({"greet.yaml": waiting.manifest})
    with DaemonProcess(origin.url, state, "--drain", "30") as daemon:
        waiting.until_second()
        daemon.tell(signal.SIGTERM)
        daemon.until_said("stopping once greet ended; another signal leaves what runs")
        origin.push({"other.yaml": pipeline("true", name="other")})
        time.sleep(0.5)
        assert statuses(state) == [RunStatus.RUNNING]
        waiting.go_on()
        until(lambda: daemon.code is not None)
    assert daemon.code == 0
    assert statuses(state) == [RunStatus.SUCCEEDED]
    assert waiting.begun() == ["first", "second"]
    with DaemonProcess(origin.url, state):
        until(lambda: statuses(state) == [RunStatus.SUCCEEDED] * 2)


def test_what_takes_longer_is_left_to_the_next_daemon(origin: Origin, state: Path, waiting: Waiting) -> None:
    origin.push({"greet.yaml": waiting.manifest})
    with DaemonProcess(origin.url, state, "--drain", "1") as daemon:
        waiting.until_second()
        begun = time.monotonic()
        ended = daemon.end()
        assert time.monotonic() - begun > 0.9
    assert ended.code == 0
    assert "leaving greet to the next daemon" in ended.said
    assert statuses(state) == [RunStatus.RUNNING]
    waiting.go_on()
    with DaemonProcess(origin.url, state):
        until(lambda: statuses(state) == [RunStatus.SUCCEEDED])
    assert waiting.begun() == ["first", "second"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait(origin: Origin, state: Path, waiting: Waiting, number: signal.Signals) -> None:
    origin.push({"greet.yaml": waiting.manifest})
    with DaemonProcess(origin.url, state, "--drain", "600") as daemon:
        waiting.until_second()
        daemon.tell(signal.SIGTERM)
        daemon.until_said("another signal leaves what runs")
        assert daemon.end(number).code == 0
    assert statuses(state) == [RunStatus.RUNNING]


def test_with_nothing_under_way_it_ends_at_once(origin: Origin, state: Path) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    with DaemonProcess(origin.url, state, "--drain", "600") as daemon:
        daemon.until_said("greet-1 succeeded")
        assert daemon.end().code == 0


def test_the_configuration_gives_the_time_as_well(
    origin: Origin, state: Path, waiting: Waiting, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("drain: 10m\n")
    origin.push({"greet.yaml": waiting.manifest})
    with DaemonProcess(origin.url, state, "--config", str(config)) as daemon:
        waiting.until_second()
        daemon.tell(signal.SIGTERM)
        daemon.until_said("stopping once greet ended")
        waiting.go_on()
        until(lambda: daemon.code is not None)
    assert statuses(state) == [RunStatus.SUCCEEDED]
