"""What is sent to systemd, over a real socket."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from reconciler.daemon.sd_notify import ServiceSupervisor

from .notified import Notified


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@reconciler-{uuid.uuid4().hex}"


def test_each_message_is_one_datagram(address: str) -> None:
    with Notified(address) as notified:
        supervisor = ServiceSupervisor.of({"NOTIFY_SOCKET": address})
        supervisor.ready()
        supervisor.status("1 source;\n0 runs")
        supervisor.ping()
        supervisor.reloading()
        supervisor.stopping(1.5)
        told = notified.told()
    assert told[:3] == ["READY=1", "STATUS=1 source; 0 runs", "WATCHDOG=1"]
    assert told[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert told[4] == "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000"


def test_how_things_stand_is_told_only_where_it_is_news(address: str) -> None:
    with Notified(address) as notified:
        supervisor = ServiceSupervisor(address)
        for status in ("one", "one", "two", "one"):
            supervisor.status(status)
        assert notified.told() == ["STATUS=one", "STATUS=two", "STATUS=one"]


def test_without_a_socket_nothing_is_sent_and_nothing_fails(tmp_path: Path) -> None:
    ServiceSupervisor.of({}).ready()
    ServiceSupervisor.of({"NOTIFY_SOCKET": str(tmp_path / "none")}).ready()
    ServiceSupervisor.of({"NOTIFY_SOCKET": "/" + "x" * 200}).ready()


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_a_sign_of_life_is_due_twice_in_the_time_that_systemd_waits(
    variables: dict[str, str], seconds: float | None
) -> None:
    assert ServiceSupervisor.of({"NOTIFY_SOCKET": "/run/notify", **variables}).ping_seconds == seconds
    assert ServiceSupervisor.of(variables).ping_seconds is None
