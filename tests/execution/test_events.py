"""What threads post is handled by one thread, one after another, until nothing more is expected."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from reconciler.execution.events import Events


def nothing() -> None:
    """Between handlers there is nothing to do here."""


def test_with_nothing_expected_handling_ends_at_once() -> None:
    Events().handle_all(nothing)


def test_what_was_posted_is_handled_in_order_with_something_done_before_each() -> None:
    events, told = Events(), list[str]()
    for number in range(3):
        events.post(lambda number=number: told.append(str(number)))  # type: ignore[misc]
    events.handle_all(lambda: told.append("before"))
    assert told == ["before", "0", "before", "1", "before", "2"]


def test_handlers_may_post_and_expect_more() -> None:
    events, told = Events(), list[str]()
    events.post(lambda: events.expect()(lambda: told.append("later")))
    events.handle_all(nothing)
    assert told == ["later"]


def test_handling_waits_for_what_is_expected_of_other_threads_and_is_done_in_its_own() -> None:
    events, handled_in = Events(), list[int]()
    with ThreadPoolExecutor() as threads:
        for _ in range(50):
            events.when_done(threads.submit(threading.get_ident), lambda _: handled_in.append(threading.get_ident()))
        events.handle_all(nothing)
    assert handled_in == [threading.get_ident()] * 50


@pytest.mark.parametrize("is_done_before", [True, False])
def test_a_future_is_handed_over_however_it_ended(is_done_before: bool) -> None:
    events, errors = Events(), list[BaseException | None]()
    future: Future[int] = Future()
    error = ValueError("no rows")
    if is_done_before:
        future.set_exception(error)
    events.when_done(future, lambda done: errors.append(done.exception()))
    if not is_done_before:
        future.set_exception(error)
    events.handle_all(nothing)
    assert errors == [error]
