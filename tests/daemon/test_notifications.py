"""A daemon as a process tells its receivers what happens, whatever becomes of it or of them."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.runs import RunStatus
from tests.notifications.listening import Listener, Reply, listening

from .daemon_process import DaemonProcess, statuses, to_its_end, until
from .origin import Origin, pipeline

GREET = "greet.yaml"
HOOK = "/services/hidden"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def configured(tmp_path: Path, *receivers: dict[str, Any], **others: Any) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps({"notifications": receivers, **others}), encoding="utf-8")
    return file


def hook(listener: Listener, name: str = "any", **others: Any) -> dict[str, Any]:
    events = {"severity": "normal", "kinds": ["pipeline"]}
    return {"name": name, "type": "webhook", "url": f"{listener.address}{HOOK}", "events": events, **others}


def reasons(listener: Listener) -> list[str]:
    return [sent.body["reason"] for sent in listener.sent]


def test_a_run_is_told_from_its_start_to_its_end(
    origin: Origin, state: Path, tmp_path: Path, listener: Listener
) -> None:
    commit = origin.push({GREET: pipeline("true")})
    with DaemonProcess(origin.url, state, "--config", str(configured(tmp_path, hook(listener)))) as daemon:
        listener.until(3)
        said = daemon.end().said
    assert sorted(reasons(listener)) == ["Applied", "RunStarted", "RunSucceeded"]
    assert {sent.body["revision"] for sent in listener.sent} == {f"main@sha1:{commit}"}
    assert "hidden" not in said


def test_commits_get_the_status_of_their_runs(origin: Origin, state: Path, tmp_path: Path, listener: Listener) -> None:
    listener.reply = lambda _: Reply(201, content=b"{}")  # as a forge answers, in JSON
    good = origin.push({GREET: pipeline("true")})
    (tmp_path / "token").write_text("a token\n", encoding="utf-8")
    forge = {"name": "commits", "type": "gitea", "url": listener.address, "repository": "ml/loans"}
    config = configured(tmp_path, {**forge, "secret": {"file": str(tmp_path / "token")}})
    with DaemonProcess(origin.url, state, "--config", str(config)):
        listener.until(2)
        bad = origin.push({GREET: pipeline("exit 3")})
        listener.until(4)
    below = "/api/v1/repos/ml/loans/statuses"
    told = [(sent.path, sent.body["state"], sent.body["context"]) for sent in listener.sent]
    assert told == [
        (f"{below}/{good}", "pending", "reconciler/greet"),
        (f"{below}/{good}", "success", "reconciler/greet"),
        (f"{below}/{bad}", "pending", "reconciler/greet"),
        (f"{below}/{bad}", "failure", "reconciler/greet"),
    ]


def test_killed_before_it_knows_that_something_was_taken_the_next_sends_the_same_again(
    origin: Origin, state: Path, tmp_path: Path, listener: Listener
) -> None:
    origin.push({GREET: pipeline("true")})
    config = str(configured(tmp_path, hook(listener, events={"severity": "normal", "names": ["greet"]})))
    listener.replies = [Reply(wait=60)]
    with DaemonProcess(origin.url, state, "--config", config) as daemon:
        listener.until(1)
        until(lambda: statuses(state) == [RunStatus.SUCCEEDED])
        daemon.end(signal.SIGKILL)
    with DaemonProcess(origin.url, state, "--config", config) as daemon:
        listener.until(4)
        time.sleep(1.5)  # more than a look at events takes
        assert daemon.end().code == 0
    deliveries = [sent.headers["x-reconciler-delivery"] for sent in listener.sent]
    assert deliveries[0] == deliveries[1]
    assert listener.sent[0].content == listener.sent[1].content
    assert len(deliveries) == 4
    assert len(set(deliveries)) == 3


def test_a_receiver_that_hangs_delays_neither_runs_nor_others_nor_the_end(
    origin: Origin, state: Path, tmp_path: Path, listener: Listener
) -> None:
    origin.push({GREET: pipeline("true")})
    with listening() as hanging:
        hanging.reply = lambda _: Reply(wait=60)
        config = configured(tmp_path, hook(hanging, "hanging"), hook(listener))
        with DaemonProcess(origin.url, state, "--config", str(config)) as daemon:
            hanging.until(1)
            listener.until(3)
            assert statuses(state) == [RunStatus.SUCCEEDED]
            begun = time.monotonic()
            assert daemon.end().code == 0
            assert time.monotonic() - begun < 40
    assert len(hanging.sent) <= 2


def test_other_receivers_are_taken_up_with_the_configuration(
    origin: Origin, state: Path, tmp_path: Path, listener: Listener
) -> None:
    origin.push({GREET: pipeline("true")})
    sources = [{"name": "main", "url": str(origin.url)}]
    config = configured(tmp_path, sources=sources)
    with DaemonProcess(None, state, "--config", str(config)) as daemon:
        until(lambda: statuses(state) == [RunStatus.SUCCEEDED])
        configured(tmp_path, hook(listener), sources=sources)
        daemon.tell(signal.SIGHUP)
        daemon.until_said("the configuration was read again")
        origin.push({GREET: pipeline("echo second")})
        listener.until(2)
        assert daemon.end().code == 0
    assert sorted(reasons(listener)) == ["RunStarted", "RunSucceeded"]


def test_once_tells_all_before_it_ends(origin: Origin, state: Path, tmp_path: Path, listener: Listener) -> None:
    origin.push({GREET: pipeline("true")})
    ended = to_its_end(origin.url, state, "--once", "--config", str(configured(tmp_path, hook(listener))))
    assert ended.code == 0, ended.said
    assert sorted(reasons(listener)) == ["Applied", "RunStarted", "RunSucceeded"]
