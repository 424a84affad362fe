"""The daemon as a service: what its supervisor hears of it, from a real process over a real socket."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_loop import SourceLoop
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site

from .daemon_process import DaemonProcess, until
from .notified import Notified
from .origin import Origin, pipeline
from .waiting import Waiting


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notified]:
    with Notified(str(tmp_path / "notify")) as notified:
        monkeypatch.setenv("NOTIFY_SOCKET", notified.address)
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        yield notified


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.git"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_it_is_ready_alive_and_tells_how_it_stands_until_it_stops(
    origin: Origin, state: Path, notified: Notified, waiting: Waiting
) -> None:
    origin.push({"greet.yaml": waiting.manifest})
    with DaemonProcess(origin.url, state) as daemon:
        notified.until("READY=1")
        notified.until("STATUS=1 source; 1 run under way: greet")
        notified.until("WATCHDOG=1", 5)
        waiting.go_on()
        notified.until("STATUS=1 source; 0 runs under way", 2)
        assert daemon.end().code == 0
    told = notified.told()
    assert told.count("READY=1") == 1
    assert told[-1].startswith("STOPPING=1\nEXTEND_TIMEOUT_USEC=")


def test_a_source_that_never_answers_makes_it_ready_once_that_is_known(
    tmp_path: Path, origin: Origin, state: Path, notified: Notified, silent: str
) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    config = tmp_path / "config.yaml"
    sources = [{"name": "loans", "url": str(origin.url)}, {"name": "cards", "url": silent, "timeout": "3s"}]
    config.write_text(yaml.safe_dump({"sources": sources}))
    with DaemonProcess(None, state, "--config", str(config)) as daemon:
        daemon.until_said("loans: applied")
        assert "READY=1" not in notified.told()
        notified.until("READY=1")
        notified.until("STATUS=2 sources; 0 runs under way; cards: ")


def test_it_tells_when_it_reads_its_configuration_again(
    tmp_path: Path, origin: Origin, state: Path, notified: Notified
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"sources": [{"name": "loans", "url": str(origin.url)}]}))
    with DaemonProcess(None, state, "--config", str(config)) as daemon:
        notified.until("READY=1")
        daemon.tell(signal.SIGHUP)
        told = notified.until("READY=1", 2)
        assert [message.partition("\n")[0] for message in told if "READY" in message or "RELOAD" in message] == [
            *("READY=1", "RELOADING=1", "READY=1")
        ]


def test_a_loop_that_hangs_is_noticed_by_how_long_it_has_been_busy(site: Site, silent: str) -> None:
    settings = SourceSettings("cards", silent, "main", timeout=60)
    loop = SourceLoop(site, settings, RunsUnderWay(), PipelineNames(site.state), _ignore, _ignore)
    assert loop.seconds_in_turn() is None
    loop.start()
    until(lambda: (loop.seconds_in_turn() or 0) > 0.5)
    loop.end()
    assert loop.is_over()
    assert loop.seconds_in_turn() is None


def test_a_loop_that_waits_for_work_is_not_busy(site: Site, origin: Origin) -> None:
    ended: list[float] = []
    loop = SourceLoop(
        site,
        SourceSettings("loans", str(origin.url), "main"),
        RunsUnderWay(),
        PipelineNames(site.state),
        lambda *_: ended.append(time.monotonic()),
        _ignore,
    )
    loop.start()
    until(lambda: ended)
    until(lambda: loop.seconds_in_turn() is None)
    loop.end()
    assert loop.is_over()


def _ignore(*_: object) -> None:
    pass
