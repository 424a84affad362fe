"""When the daemon is ready, how it stands, and that a loop which is stuck is no sign of life."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.daemon.outcome import Outcome
from reconciler.daemon.sd_notify import ServiceSupervisor
from reconciler.daemon.vital_signs import VitalSigns
from reconciler.model.manifests import Kind
from reconciler.model.status import Resource, ready, stalled
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

from .notified import Notified


@dataclass
class Loop:
    """A loop that is busy for as long as a test says."""

    seconds: float | None = None
    deadline_seconds: float = 60.0

    def seconds_in_turn(self) -> float | None:
        return self.seconds


@dataclass
class Runs:
    pipelines: list[str] = field(default_factory=list)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(StateFolder(tmp_path / "state"))
    yield state
    state.close()


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[Notified]:
    with Notified(str(tmp_path / "notify")) as notified:
        yield notified


@pytest.fixture
def loops() -> dict[str, Loop]:
    return {"loans": Loop(), "cards": Loop()}


@pytest.fixture
def runs() -> dict[str, Runs]:
    return {"loans": Runs(), "cards": Runs()}


@pytest.fixture
def signs(notified: Notified, state: State, loops: dict[str, Loop], runs: dict[str, Runs]) -> VitalSigns:
    return VitalSigns(ServiceSupervisor(notified.address, 0.02), state, loops, runs)


def test_it_is_ready_once_every_source_was_looked_at_well_or_not(signs: VitalSigns, notified: Notified) -> None:
    signs.tell()
    signs.came_to("loans", Outcome("main@sha1:1"))
    signs.tell()
    assert "READY=1" not in notified.told()
    assert not signs.is_ready
    signs.came_to("cards", Outcome(error="the server is away"))
    signs.tell()
    signs.tell()
    assert notified.told().count("READY=1") == 1
    assert signs.is_ready


def test_a_source_that_is_followed_no_more_is_not_waited_for(
    signs: VitalSigns, notified: Notified, loops: dict[str, Loop]
) -> None:
    signs.came_to("loans", Outcome())
    del loops["cards"]
    signs.tell()
    assert "READY=1" in notified.told()


def test_the_status_names_sources_runs_and_what_is_wrong(
    signs: VitalSigns, notified: Notified, state: State, runs: dict[str, Runs]
) -> None:
    signs.tell()
    resources = [
        Resource(Kind.PIPELINE, "lending", None, "loans", "", stalled("RunFailed", "step train failed")),
        Resource(Kind.PIPELINE, "scoring", None, "loans", "", ready("Succeeded", "as Git says")),
    ]
    state.sources.save_resources("loans", resources, time.time())
    runs["cards"].pipelines = ["fraud"]
    signs.came_to("loans", Outcome("main@sha1:1"))
    signs.came_to("cards", Outcome(error="the server\nis away"))
    signs.tell()
    statuses = [message for message in notified.told() if message.startswith("STATUS=")]
    assert statuses == [
        "STATUS=2 sources; 0 runs under way",
        "STATUS=2 sources; 1 run under way: fraud; stalled: lending; cards: the server is away",
    ]


def test_of_many_names_a_few_are_told(signs: VitalSigns, notified: Notified, runs: dict[str, Runs]) -> None:
    runs["loans"].pipelines = [f"p{index}" for index in range(8)]
    signs.tell()
    assert "STATUS=2 sources; 8 runs under way: p0, p1, p2, p3, p4 and 3 more" in notified.told()


@pytest.mark.parametrize("seconds", [61.0, math.inf])
def test_a_loop_that_is_stuck_ends_the_signs_of_life_until_it_goes_on(
    signs: VitalSigns, notified: Notified, loops: dict[str, Loop], seconds: float
) -> None:
    loops["loans"].seconds = 59.0
    signs.tell()
    assert notified.told().count("WATCHDOG=1") == 1
    loops["loans"].seconds = seconds
    for _ in range(3):
        time.sleep(0.03)
        signs.tell()
    assert notified.told().count("WATCHDOG=1") == 1
    assert signs.hung() == ["loans"]
    assert "stuck: loans" in [each for each in notified.told() if each.startswith("STATUS=")][-1]
    loops["loans"].seconds = None
    signs.tell()
    assert notified.told().count("WATCHDOG=1") == 2


def test_a_file_tells_the_same_to_those_who_look_at_it(signs: VitalSigns, state: State, loops: dict[str, Loop]) -> None:
    loops["loans"].seconds = 61.0
    signs.tell()
    assert not state.folder.alive.exists()
    loops["loans"].seconds = None
    signs.tell()
    assert time.time() - state.folder.alive.stat().st_mtime < 5


def test_signs_of_life_are_not_given_more_often_than_is_asked(signs: VitalSigns, notified: Notified) -> None:
    for _ in range(50):
        signs.tell()
    assert 1 <= notified.told().count("WATCHDOG=1") < 20
    assert 0 < signs.wait_seconds(10) <= 0.02
    assert signs.wait_seconds(0.001) == 0.001


def test_where_nobody_waits_for_signs_of_life_there_are_none(
    notified: Notified, state: State, loops: dict[str, Loop], runs: dict[str, Runs]
) -> None:
    signs = VitalSigns(ServiceSupervisor(notified.address), state, loops, runs)
    signs.tell()
    assert notified.told() == ["STATUS=2 sources; 0 runs under way"]
    assert signs.wait_seconds(10) == 10
