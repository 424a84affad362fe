"""`--server`: what happens at a daemon elsewhere is told as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus
from tests.daemon.daemon_process import DaemonProcess, statuses, until
from tests.daemon.origin import Origin, pipeline
from tests.daemon.waiting import Waiting

from .program import reconciler
from .watched import WatchedVerb

GREET = "greet.yaml"


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    waiting = Waiting(tmp_path)
    yield waiting
    waiting.go_on()


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "git")


@pytest.fixture
def server(origin: Origin, state: Path) -> Iterator[str]:
    """A daemon that is spoken to over HTTP alone."""
    origin.push({GREET: pipeline("echo hello")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("greet-1 succeeded")
        yield f"unix:{state / 'daemon.sock'}"


def test_logs_are_followed_to_the_end_of_the_run(server: str, origin: Origin, waiting: Waiting) -> None:
    origin.push({GREET: waiting.manifest.replace("echo second", "echo said so | tee /dev/stderr; echo second")})
    waiting.until_second()
    with WatchedVerb("--server", server, "logs", "greet", "--follow") as watched:
        assert watched.until_told("step_1 | said so")
        waiting.go_on()
        assert watched.ended() == (0, "")


def test_a_run_that_prints_nothing_says_so(server: str, origin: Origin, waiting: Waiting) -> None:
    origin.push({GREET: waiting.manifest})
    waiting.until_second()
    with WatchedVerb("--server", server, "logs", "greet", "--follow", "--since", "2100-01-01T00:00:00Z") as watched:
        waiting.go_on()
        code, said = watched.ended()
    assert (code, watched.lines) == (0, [])
    assert said in ("greet-2 printed nothing\n", "")


def test_events_are_told_as_they_happen(server: str, origin: Origin) -> None:
    with WatchedVerb("--server", server, "events", "--watch", "-o", "json") as watched:
        watched.until_told("RunSucceeded")
        origin.push({GREET: pipeline("echo again")})
        watched.until_told("greet-2 succeeded")
        assert watched.interrupt() == (0, "")
    told = [json.loads(line) for line in watched.lines]
    assert len({(each["id"], each["count"]) for each in told}) == len(told)


def test_resources_are_told_as_they_change(server: str, origin: Origin) -> None:
    with WatchedVerb("--server", server, "get", "--watch") as watched:
        watched.until_told("pipeline/greet")
        origin.push({GREET: pipeline("false")})
        watched.until_told("greet-2: step step_0")
        assert watched.interrupt() == (0, "")


def test_a_run_is_waited_for_and_ended_from_elsewhere(
    server: str, origin: Origin, state: Path, waiting: Waiting
) -> None:
    waited = reconciler("--server", server, "run", "greet", "--force", "--wait")
    assert (waited.code, waited.out.splitlines()[0]) == (0, "started greet-2")
    assert "greet-2: succeeded in" in waited.out
    origin.push({GREET: waiting.manifest})
    waiting.until_second()
    ended = reconciler("--server", server, "cancel", "greet")
    assert (ended.code, ended.out) == (0, "greet-3: cancelled\n")
    until(lambda: statuses(state)[-1] is RunStatus.CANCELLED)
    waiting.go_on()
    again = reconciler("--server", server, "reconcile", "--wait")
    assert (again.code, "greet-4: succeeded in" in again.out) == (0, True)
