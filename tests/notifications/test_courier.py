"""How one receiver is told: in order, at its pace, again after failures, and given up in the end."""

from __future__ import annotations

import logging

import pytest

from reconciler.model.notifications import Rate
from reconciler.notifications.base import NotNowError, NotTakenError
from reconciler.state.store import State

from .acting import Actor, Stage
from .told import event

AWAY = NotNowError("https://example.org answered 503 Service Unavailable")
REFUSED = NotTakenError("https://example.org answered 404 Not Found", hint="mend `url:`")
DAY = 24 * 3600.0


@pytest.fixture
def actor() -> Actor:
    return Actor()


@pytest.fixture
def stage(state: State, actor: Actor) -> Stage:
    return Stage(state, actor)


def happen(stage: Stage, *messages: str) -> None:
    stage.state.events.record([event(message=each) for each in messages], stage.now)
    stage.look()


def told_of_receivers(stage: Stage) -> list[tuple[str, str, int]]:
    return [(each.reason, each.message, each.count) for each in stage.state.events.recent("receiver")]


def test_what_happened_is_told_in_its_order(stage: Stage, actor: Actor) -> None:
    happen(stage, "one", "two")
    assert stage.deliver() is None
    assert actor.messages == [("one", 0), ("two", 0)]


def test_what_failed_is_tried_again_later_and_later_and_is_the_same(stage: Stage, actor: Actor) -> None:
    happen(stage, "one", "two")
    actor.troubles = [AWAY, AWAY, AWAY]
    waits = []
    while (wait := stage.deliver()) is not None:
        waits.append(wait)
        stage.now += wait
    assert waits == [5.0, 10.0, 20.0]
    assert actor.messages == [("one", 0), ("two", 0)]
    assert len({each.delivery for each in actor.tried[:4]}) == 1


def test_a_receiver_is_not_asked_before_it_wants_to_be(stage: Stage, actor: Actor) -> None:
    happen(stage, "one")
    actor.troubles = [NotNowError("too many requests", after=120.0)]
    wait = stage.deliver()
    assert wait is not None
    assert 120.0 <= wait < 122.0
    stage.now += 119.0
    stage.deliver()
    assert len(actor.tried) == 1
    stage.now += 3.0
    assert stage.deliver() is None
    assert len(actor.got) == 1


def test_the_wait_goes_on_over_a_restart(stage: Stage, actor: Actor) -> None:
    happen(stage, "one")
    actor.troubles = [AWAY]
    stage.deliver()
    stage.restart()
    assert stage.deliver() == 5.0
    assert len(actor.tried) == 1


def test_a_clock_that_was_days_ahead_keeps_nothing_waiting(stage: Stage, actor: Actor) -> None:
    stage.now += 3 * DAY
    happen(stage, "one")
    actor.troubles = [AWAY]
    stage.deliver()
    stage.now -= 3 * DAY
    assert stage.deliver() is None
    assert len(actor.got) == 1


def test_a_refusal_is_told_once_and_not_tried_again(
    stage: Stage, actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    actor.troubles = [REFUSED, REFUSED]
    happen(stage, "one", "two", "three")
    assert stage.deliver() is None
    assert actor.messages == [("three", 0)]
    message = "a notification was not sent: https://example.org answered 404 Not Found"
    assert told_of_receivers(stage) == [("NotificationRefused", message, 2)]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [f"receiver team: {message} (mend `url:`)"]


def test_what_a_receiver_refused_is_not_told_to_itself(stage: Stage, actor: Actor) -> None:
    actor.troubles = [REFUSED]
    happen(stage, "one")
    stage.deliver()
    stage.look()
    assert stage.deliver() is None
    assert len(actor.tried) == 1


def test_a_receiver_that_is_away_is_complained_of_once(
    stage: Stage, actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    happen(stage, "one")
    actor.troubles = [AWAY, AWAY]
    while (wait := stage.deliver()) is not None:
        stage.now += wait
    assert [record.getMessage() for record in caplog.records] == [
        f"receiver team: {AWAY}; it is tried again",
        "receiver team is told again",
    ]


def test_after_a_day_it_is_given_up_and_that_is_said(stage: Stage, actor: Actor) -> None:
    actor.trouble = AWAY
    happen(stage, "one", "two")
    begun = stage.now
    while (wait := stage.deliver()) is not None:
        stage.now += wait
    assert DAY <= stage.now - begun < DAY + 900.0
    message = f"what could not be sent within 24 hours was given up: {AWAY.message}"
    assert told_of_receivers(stage) == [("NotificationsGivenUp", message, 1)]
    actor.trouble = None
    happen(stage, "three")
    stage.deliver()
    assert actor.messages == [("three", 0)]


def test_what_is_younger_than_a_day_is_not_given_up_with_what_is_older(stage: Stage, actor: Actor) -> None:
    actor.trouble = AWAY
    happen(stage, "one")
    stage.deliver()
    stage.now += DAY
    happen(stage, "two")
    stage.deliver()
    actor.trouble = None
    stage.now += 900.0
    stage.deliver()
    assert actor.messages == [("two", 0)]


def test_a_fault_of_ours_comes_once(stage: Stage, actor: Actor) -> None:
    actor.troubles = [RuntimeError("hidden")]
    happen(stage, "one", "two")
    assert stage.deliver() is None
    assert actor.messages == [("two", 0)]
    assert told_of_receivers(stage) == [("NotificationRefused", "a notification was not sent: RuntimeError", 1)]


def test_what_is_too_fast_is_told_together_once_it_may(state: State, actor: Actor) -> None:
    stage = Stage(state, actor, Rate(2, 60.0))
    happen(stage, *"abcdef")
    assert stage.deliver() == pytest.approx(30.0)
    assert actor.messages == [("a", 0), ("b", 0)]
    stage.now += 30.0
    assert stage.deliver() is None
    assert actor.messages[2:] == [("c", 3)]
    happen(stage, "g")
    assert stage.deliver() == pytest.approx(30.0)
    stage.now += 30.0
    stage.deliver()
    assert actor.messages[3:] == [("g", 0)]


def test_what_stands_for_others_is_the_same_when_it_is_tried_again(state: State, actor: Actor) -> None:
    stage = Stage(state, actor, Rate(1, 60.0))
    happen(stage, *"abc")
    stage.deliver()
    stage.now += 60.0
    actor.troubles = [AWAY]
    stage.deliver()
    happen(stage, "d")
    stage.now += 60.0
    stage.deliver()
    assert actor.tried[1] == actor.tried[2]
    assert actor.messages == [("a", 0), ("b", 1), ("d", 0)]


def test_what_changes_a_standing_waits_and_is_never_left_out(state: State) -> None:
    actor = Actor(folds=False)
    stage = Stage(state, actor, Rate(1, 60.0))
    happen(stage, *"abc")
    while (wait := stage.deliver()) is not None:
        stage.now += wait
    assert actor.messages == [("a", 0), ("b", 0), ("c", 0)]


def test_killed_between_sending_and_noting_it_is_sent_again_with_the_same_delivery(stage: Stage, actor: Actor) -> None:
    happen(stage, "one", "two")
    actor.troubles = [KeyboardInterrupt()]  # type: ignore[list-item]  # as if the process ended there
    with pytest.raises(KeyboardInterrupt):
        stage.deliver()
    stage.restart()
    assert stage.deliver() is None
    assert actor.tried[0] == actor.tried[1]
    assert actor.messages == [("one", 0), ("two", 0)]
