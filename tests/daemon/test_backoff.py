"""What failed and may well succeed is tried again later and later, at once by a push or a person, and says when."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from reconciler.model.errors import EngineGoneError, StateError
from reconciler.model.status import Condition, Trouble

from .following import Following
from .origin import Origin, pipeline
from .site import Clock

GREET = "greet.yaml"


@pytest.fixture
def away(following: Following, origin: Origin, tmp_path: Path) -> Path:
    """Where the origin was moved to, after it was seen once."""
    origin.push({GREET: pipeline("true")})
    following.turn()
    origin.url.rename(tmp_path / "away")
    following.turn("interval")
    return tmp_path / "away"


def _said(following: Following) -> Condition:
    return following.source.conditions[0]


class TestASourceThatIsAway:
    @pytest.mark.usefixtures("away")
    def test_it_says_how_often_it_was_tried_and_when_it_is_again(self, following: Following, clock: Clock) -> None:
        said = _said(following)
        assert (said.reason, said.trouble, said.tries) == ("SourceUnavailable", Trouble.TRANSIENT, 1)
        assert said.next_try is not None
        assert 3.0 < said.next_try - clock() < 6.1
        assert following.follower.next_due() == said.next_try

    @pytest.mark.usefixtures("away")
    def test_it_is_asked_later_and_later(self, following: Following, clock: Clock) -> None:
        waited = []
        for tries in range(2, 7):
            due = _said(following).next_try
            assert due is not None
            waited.append(due - clock())
            following.turn("interval")
            assert _said(following).tries == tries - 1
            clock.advance(waited[-1] + 0.1)
            following.turn("interval")
            assert _said(following).tries == tries
        assert waited == sorted(waited)
        assert waited[-1] > 60

    @pytest.mark.usefixtures("away")
    def test_the_same_failure_again_is_no_news(self, following: Following, clock: Clock) -> None:
        for _ in range(3):
            clock.advance(100)
            following.turn("interval")
        events = following.site.state.events.recent("source")
        assert [each.count for each in events if each.reason == "SourceUnavailable"] == [1]

    @pytest.mark.parametrize(("trigger", "is_asked", "tries"), [("push", False, 2), ("request", True, 1)])
    @pytest.mark.usefixtures("away")
    def test_news_and_a_person_have_it_asked_at_once(
        self, following: Following, trigger: str, is_asked: bool, tries: int
    ) -> None:
        following.turn(trigger, is_asked)
        assert _said(following).tries == tries

    def test_once_it_is_back_all_is_forgotten(
        self, following: Following, origin: Origin, away: Path, clock: Clock
    ) -> None:
        away.rename(origin.url)
        clock.advance(10)
        assert following.turn("interval").is_good
        said = _said(following)
        assert (said.reason, said.trouble, said.tries, said.next_try) == ("Applied", None, 0, None)
        assert following.follower.next_due() is None


class TestATurnThatIsBrokenOff:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (sqlite3.OperationalError("database or disk is full"), "StateUnavailable"),
            (OSError(errno.ENOSPC, "No space left on device"), "StateUnavailable"),
            (StateError("locked"), "StateUnavailable"),
            (EngineGoneError("no answer"), "EngineUnavailable"),
            (KeyError("x"), "TurnFailed"),
        ],
    )
    def test_the_source_says_what_it_was_and_when_the_next_one_is(
        self, following: Following, origin: Origin, clock: Clock, error: Exception, reason: str
    ) -> None:
        origin.push({GREET: pipeline("true")})
        following.turn()
        outcome = following.follower.broke_off(error)
        assert not outcome.is_good
        assert (_said(following).reason, _said(following).trouble) == (reason, Trouble.TRANSIENT)
        assert following.follower.next_due() == _said(following).next_try
        assert following.follower.reconcile("interval").error == outcome.error
        clock.advance(10)
        assert following.turn("interval").is_good
        assert _said(following).reason == "Applied"

    def test_a_push_does_not_wait_for_it(self, following: Following, origin: Origin) -> None:
        origin.push({GREET: pipeline("true")})
        following.turn()
        following.follower.broke_off(KeyError("x"))
        origin.push({GREET: pipeline("echo fixed")})
        assert following.turn("push").started == ("greet",)
        assert _said(following).reason == "Applied"
