"""What waits to be sent, and up to where receivers were told."""

from __future__ import annotations

from reconciler.model.events import Event, EventType
from reconciler.model.notifications import Notification
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

EVENT = Event("main", "pipeline", "greet", EventType.WARNING, "RunFailed", "größer", "main@sha1:1", "greet-1", 7, 1.0)


def put(state: State, receiver: str, *deliveries: str, news: int = 1, now: float = 100.0) -> None:
    told = [Notification(each, EVENT, "https://example.org/ml/loans", {"rmse": 0.5}) for each in deliveries]
    state.notifications.put(receiver, told, news, now)


def deliveries(state: State, receiver: str) -> list[tuple[str, int]]:
    """All that waits, each with what it stands for, in the order in which it goes."""
    found = []
    while (first := state.notifications.first(receiver)) is not None:
        found.append((first.notification.delivery, first.notification.more))
        state.notifications.done(first.number)
    return found


def test_what_is_put_comes_out_as_it_was_after_a_restart(state: State, folder: StateFolder) -> None:
    put(state, "team", "d1", news=9)
    again = State(folder)
    first = again.notifications.first("team")
    assert first is not None
    assert first.notification == Notification("d1", EVENT, "https://example.org/ml/loans", {"rmse": 0.5})
    assert (first.queued, first.is_begun, first.attempts, first.due) == (100.0, False, 0, 0.0)
    assert again.notifications.cursor("team") == 9
    again.close()


def test_receivers_have_queues_of_their_own(state: State) -> None:
    put(state, "team", "d1", "d2")
    put(state, "ops", "d3")
    assert deliveries(state, "team") == [("d1", 0), ("d2", 0)]
    assert deliveries(state, "ops") == [("d3", 0)]
    assert state.notifications.cursor("nobody") is None


def test_what_is_put_twice_is_there_once(state: State) -> None:
    put(state, "team", "d1")
    put(state, "team", "d1", "d2")
    assert deliveries(state, "team") == [("d1", 0), ("d2", 0)]


def test_one_may_stand_for_those_behind_it_and_not_for_later_ones(state: State) -> None:
    put(state, "team", "d1", "d2", "d3")
    put(state, "ops", "d9")
    first = state.notifications.first("team")
    assert first is not None
    state.notifications.begin("team", first.number, is_for_all=True)
    put(state, "team", "d4")
    assert deliveries(state, "team") == [("d1", 2), ("d4", 0)]
    assert deliveries(state, "ops") == [("d9", 0)]


def test_what_failed_stays_first_and_says_when_it_is_due(state: State) -> None:
    put(state, "team", "d1", "d2")
    first = state.notifications.first("team")
    assert first is not None
    state.notifications.begin("team", first.number, is_for_all=False)
    state.notifications.put_off(first.number, 130.0)
    again = state.notifications.first("team")
    assert again is not None
    assert (again.number, again.is_begun, again.attempts, again.due) == (first.number, True, 1, 130.0)


def test_what_is_old_goes_and_what_it_stood_for_stands_for_itself(state: State) -> None:
    put(state, "team", "d1", now=100.0)
    put(state, "team", "d2", now=200.0)
    put(state, "ops", "d3", now=100.0)
    first = state.notifications.first("team")
    assert first is not None
    state.notifications.begin("team", first.number, is_for_all=True)
    assert state.notifications.drop_old("team", 150.0) == 1
    assert deliveries(state, "team") == [("d2", 0)]
    assert deliveries(state, "ops") == [("d3", 0)]


def test_a_receiver_that_is_gone_is_forgotten(state: State) -> None:
    put(state, "team", "d1")
    put(state, "ops", "d2")
    state.notifications.keep_only(["ops"])
    assert state.notifications.cursor("team") is None
    assert deliveries(state, "team") == []
    assert deliveries(state, "ops") == [("d2", 0)]
