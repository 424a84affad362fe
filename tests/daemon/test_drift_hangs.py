"""A look for drift that hangs: given up, told, and followed by another one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from reconciler.daemon.drift import MOST_GIVEN_UP
from reconciler.environments.base import EnvironmentSpec
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.site import Site
from reconciler.model.upkeep import Upkeep
from tests.execution.place import eventually

from .following import Following
from .origin import Origin, environment_manifest, pipeline
from .site import Clock, OurPython

HUNG = "the look for drift hung at looking at environment one for "
INTERVAL = Upkeep().drift_seconds + 1


class Hanging(OurPython):
    """Does not say whether an environment is whole until it is freed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.freed = threading.Event()
        self.asked = 0
        self.ended = 0

    def broken(self, spec: EnvironmentSpec) -> str:
        self.asked += 1
        self.freed.wait(120)
        self.ended += 1
        return super().broken(spec)


@pytest.fixture
def builder(tmp_path: Path) -> Iterator[Hanging]:
    builder = Hanging(tmp_path / "environments")
    yield builder
    builder.freed.set()


@pytest.fixture
def following(site: Site, origin: Origin, clock: Clock, builder: Hanging) -> Iterator[Following]:
    """A follower that gives a step of a look half a second, with an environment that is built."""
    pool = EnvironmentPool(site.state, builder, clock, 1)
    following = Following(replace(site, environments=pool), origin, deadline=0.5)
    text = pipeline("true").replace("{image: python}", "azureml:one@latest")
    origin.push({"one.yaml": environment_manifest("one"), "greet.yaml": text})
    following.turn()
    yield following
    builder.freed.set()
    following.follower.stop()


def until_given_up(following: Following, clock: Clock) -> None:
    """Looks, until the one that comes due then is given up."""
    clock.advance(INTERVAL)
    following.turn("interval")
    eventually(lambda: _is_told(following))


def _is_told(following: Following) -> bool:
    following.follower.retry()
    following.turn("interval")
    return HUNG in following.source_reason[1]


def test_it_is_a_note_of_the_source_which_goes_on(following: Following, clock: Clock, origin: Origin) -> None:
    until_given_up(following, clock)
    reason, message = following.source_reason
    assert (reason, message.endswith(" and was given up")) == ("Applied", True)
    origin.push({"greet.yaml": pipeline("echo second")})
    assert following.turn().started == ("greet",)


def test_another_begins_when_it_is_due_and_when_that_ends_nothing_is_said_any_more(
    following: Following, clock: Clock, builder: Hanging
) -> None:
    until_given_up(following, clock)
    assert following.follower.next_look() == pytest.approx(clock() + INTERVAL - 1, abs=60)
    builder.freed.set()
    eventually(lambda: builder.ended == builder.asked)
    assert HUNG in following.source_reason[1]  # what comes too late says nothing
    clock.advance(INTERVAL)
    following.turn("interval")
    following.follower.wait_for_drift()
    following.turn("run ended")
    assert HUNG not in following.source_reason[1]
    assert following.reason("environment/one")[0] == "Built"


def test_where_several_do_not_come_back_none_is_begun(
    following: Following, clock: Clock, builder: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    def were_given_up(count: int) -> bool:
        following.turn("interval")
        return sum(message.startswith(HUNG) for message in caplog.messages) == count

    for count in range(1, MOST_GIVEN_UP + 1):
        clock.advance(INTERVAL)
        eventually(partial(were_given_up, count))
        assert builder.asked == count
    clock.advance(INTERVAL)
    following.turn("interval")
    assert builder.asked == MOST_GIVEN_UP
    builder.freed.set()
    clock.advance(INTERVAL)
    eventually(lambda: were_given_up(MOST_GIVEN_UP) and builder.asked == MOST_GIVEN_UP + 1)
