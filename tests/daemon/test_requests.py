"""How a running daemon is asked, and answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.daemon.requests import Answer, Request, Requests, Silence
from reconciler.model.asked_runs import AskedRun

from .daemon_process import until

Ask = Callable[..., Future[Answer | Silence]]


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def ask(requests: Requests) -> Iterator[Ask]:
    """Has somebody ask, and wait for so many seconds."""
    with ThreadPoolExecutor() as people:

        def asked(request: Request, seconds: float = 60.0) -> Future[Answer | Silence]:
            told = people.submit(requests.ask, request, seconds)
            until(lambda: told.done() or any(each.name == request.name for each in requests.pending()))
            return told

        yield asked


def test_a_request_is_pending_until_it_is_answered(requests: Requests, ask: Ask) -> None:
    request = Request()
    asked = ask(request)
    assert requests.pending() == [request]
    requests.answer(request.name, Answer(True, "main@sha1:0"))
    assert asked.result() == Answer(True, "main@sha1:0")
    assert requests.pending() == []


def test_requests_are_taken_in_the_order_in_which_they_were_asked(requests: Requests, ask: Ask) -> None:
    wanted = [Request() for _ in range(5)]
    for request in wanted:
        ask(request, 0.5)
    assert requests.pending() == wanted


def test_the_answer_comes_to_the_one_who_waits_for_it(requests: Requests, ask: Ask) -> None:
    first, second = Request(), Request()
    ask(first, 0.5)
    asked = ask(second)
    requests.answer(second.name, Answer(False, "no – nein – いいえ"))
    assert asked.result() == Answer(False, "no – nein – いいえ")
    assert requests.pending() == [first]


def test_the_first_answer_counts(requests: Requests, ask: Ask) -> None:
    request = Request()
    asked = ask(request)
    requests.answer(request.name, Answer(True, "first"))
    requests.answer(request.name, Answer(False, "second"))
    assert asked.result() == Answer(True, "first")


def test_who_stops_waiting_takes_the_request_back(requests: Requests) -> None:
    assert requests.ask(Request(), 0.05) == Silence(())
    assert requests.pending() == []


def test_who_gives_up_waits_no_longer(requests: Requests) -> None:
    assert requests.ask(Request(), 600.0, is_given_up=lambda: True) == Silence(())


def test_an_answer_that_nobody_waits_for_any_more_leaves_nothing(requests: Requests) -> None:
    request = Request()
    requests.ask(request, 0.01)
    requests.answer(request.name, Answer(True, "too late"))
    requests.wait_for(request.name, ["main"])
    assert requests.pending() == []


def test_who_answers_is_woken() -> None:
    woken = threading.Event()
    Requests(woken.set).ask(Request(), 0.01)
    assert woken.is_set()


def test_a_run_that_is_asked_for_is_known_by_its_request(requests: Requests, ask: Ask) -> None:
    request = Request(run=AskedRun("lending", "ada@lab", (("seed", "7"),), is_forced=True), source="main")
    assert request.run is not None
    ask(request, 0.5)
    assert requests.pending() == [replace(request, run=replace(request.run, request=request.name))]


def test_a_name_of_its_own_stays(requests: Requests, ask: Ask) -> None:
    request = Request(run=AskedRun("lending", "ada@lab", request="a key of somebody's own"))
    ask(request, 0.5)
    assert requests.pending() == [request]


@pytest.mark.parametrize(
    ("sources", "told"),
    [((), "the daemon does"), (("a",), "source a does"), (("a", "b"), "the sources a, b do")],
)
def test_silence_names_who_is_silent(sources: tuple[str, ...], told: str) -> None:
    assert Silence(sources).told == told
