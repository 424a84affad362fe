"""The threads of the daemon: one receiver never keeps another waiting, nor the daemon."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from reconciler.model.notifications import Receiver, ReceiverType, Secret, Selection
from reconciler.notifications.notifier import Notifier
from reconciler.state.store import State

from .listening import Listener, Reply, listening
from .told import MOMENT, event


def to(listener: Listener, name: str = "any") -> Receiver:
    return Receiver(name, ReceiverType.WEBHOOK, listener.address, selection=Selection(only_warnings=False))


def happen(state: State, *messages: str) -> None:
    state.events.record([event(message=each) for each in messages], MOMENT)


def messages(listener: Listener) -> list[str]:
    return [sent.body["message"] for sent in listener.sent]


def test_what_happens_is_told_soon(state: State, listener: Listener) -> None:
    with Notifier(state, [to(listener)]):
        happen(state, "one")
        listener.until(1, seconds=3)
        happen(state, "one")
        happen(state, "two")
        listener.until(2, seconds=3)
    assert messages(listener) == ["one", "two"]
    assert state.notifications.count("any") == 0


def test_what_another_process_writes_is_told_too(state: State, listener: Listener) -> None:
    with Notifier(state, [to(listener)]):
        other = State(state.folder)
        happen(other, "one")
        other.close()
        listener.until(1, seconds=3)


def test_a_receiver_that_hangs_keeps_nobody_waiting(state: State, listener: Listener) -> None:
    with listening() as hanging:
        hanging.reply = lambda _: Reply(wait=60)
        notifier = Notifier(state, [to(hanging, "hanging"), to(listener)])
        notifier.start()
        happen(state, "one")
        hanging.until(1)
        listener.until(1, seconds=2)
        happen(state, "two")
        listener.until(2, seconds=3)
        begun = time.monotonic()
        notifier.stop(0.5)
        assert time.monotonic() - begun < 2
        assert state.notifications.count("hanging") == 2


def test_what_happened_last_is_told_before_the_end(state: State, listener: Listener) -> None:
    notifier = Notifier(state, [to(listener)])
    notifier.start()
    happen(state, "one", "two", "three")
    notifier.stop()
    assert messages(listener) == ["one", "two", "three"]


def test_what_could_not_be_told_is_left_to_the_next_process(state: State, listener: Listener) -> None:
    listener.replies = [Reply(503)]
    with Notifier(state, [to(listener)]):
        happen(state, "one")
        listener.until(1)
    assert state.notifications.count("any") == 1
    state.database.execute("UPDATE notifications SET due = 0")
    with Notifier(state, [to(listener)]):
        listener.until(2)
    first, second = listener.sent
    assert first.content == second.content
    assert first.headers["x-reconciler-delivery"] == second.headers["x-reconciler-delivery"]
    assert state.notifications.count("any") == 0


def test_receivers_are_exchanged_and_nothing_is_lost_or_doubled(state: State, listener: Listener) -> None:
    with listening() as other:
        listener.replies = [Reply(wait=1)]
        with Notifier(state, [to(listener)]) as notifier:
            happen(state, "one")
            listener.until(1)
            notifier.replace([replace(to(listener), rate=replace(to(listener).rate, count=20)), to(other, "other")])
            happen(state, "two")
            listener.until(2)
            other.until(1)
            notifier.replace([to(other, "other")])
            happen(state, "three")
            other.until(2)
    assert messages(listener) == ["one", "two"]
    assert messages(other) == ["two", "three"]
    assert state.notifications.cursor("any") is None


def test_without_receivers_there_are_no_threads(state: State) -> None:
    before = threading.active_count()
    with Notifier(state, []):
        assert threading.active_count() == before


def test_no_thread_is_left(state: State, listener: Listener) -> None:
    before = {*threading.enumerate()}
    with Notifier(state, [to(listener), to(listener, "other")]):
        happen(state, "one")
        listener.until(2)
    assert not [each for each in {*threading.enumerate()} - before if each.name.startswith(("tell ", "notifications"))]


def test_a_secret_that_cannot_be_read_is_waited_for(
    state: State, listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    with Notifier(state, [replace(to(listener), secret=Secret("HOOK_SECRET"))]):
        happen(state, "one")
        deadline = time.monotonic() + 5
        while "the variable `HOOK_SECRET` is not set" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert listener.sent == []
    monkeypatch.setenv("HOOK_SECRET", "set by now")
    state.database.execute("UPDATE notifications SET due = 0")
    with Notifier(state, [replace(to(listener), secret=Secret("HOOK_SECRET"))]):
        listener.until(1)
