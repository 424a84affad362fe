"""Requests handed to sources, each once, and the answers put together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from reconciler.daemon.desk import Desk
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.requests import Answer, Request, Requests, Silence
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_loop import SourceLoop
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.model.asked_runs import AskedRun

from .daemon_process import until


class Loop(SourceLoop):
    """A loop that only notes what it is asked for."""

    def __init__(self, site: Site, name: str, names: PipelineNames) -> None:
        settings = SourceSettings(name, "/nowhere.git", "main")
        super().__init__(site, settings, RunsUnderWay(), names, lambda *_: None, lambda *_: None)
        self.noted: list[Request] = []
        self.busy: float | None = None

    def ask(self, request: Request) -> None:
        self.noted.append(request)

    def seconds_in_turn(self) -> float | None:
        return self.busy


class Office:
    """A desk with two sources, and people who ask."""

    def __init__(self, site: Site, people: ThreadPoolExecutor) -> None:
        self.people = people
        self.requests = Requests()
        self.names = PipelineNames(site.state)
        self.loops = {name: Loop(site, name, self.names) for name in ("a", "b")}
        self.desk = Desk(self.requests, self.loops, {}, self.names)

    def answer(self, source: str, *, is_good: bool = True, message: str = "") -> None:
        """Have a source answer what it was asked last."""
        self.desk.answer(source, self.loops[source].noted[-1], Answer(is_good, message or f"{source} is there"))

    def ask(self, request: Request, seconds: float = 60.0) -> Future[Answer | Silence]:
        """Have somebody ask and wait."""
        asked = self.people.submit(self.requests.ask, request, seconds)
        until(lambda: asked.done() or any(each.name == request.name for each in self.requests.pending()))
        return asked


@pytest.fixture
def office(site: Site) -> Iterator[Office]:
    with ThreadPoolExecutor() as people:
        yield Office(site, people)


def test_a_request_of_all_is_handed_to_each_once(office: Office) -> None:
    office.ask(Request(), 0.5)
    office.desk.hand_out()
    office.desk.hand_out()
    assert [len(loop.noted) for loop in office.loops.values()] == [1, 1]


def test_it_is_answered_once_all_have(office: Office) -> None:
    asked = office.ask(Request())
    office.desk.hand_out()
    office.answer("b", is_good=False, message="no")
    assert office.requests.pending()
    office.answer("a")
    assert asked.result() == Answer(False, "b: no; a: a is there")


def test_a_request_of_one_is_handed_to_that_one_and_answered_in_its_words(office: Office) -> None:
    asked = office.ask(Request(source="b"))
    office.desk.hand_out()
    assert [len(loop.noted) for loop in office.loops.values()] == [0, 1]
    office.answer("b", message="main@sha1:1")
    assert asked.result() == Answer(True, "main@sha1:1")


def test_a_run_is_asked_of_the_source_that_has_the_pipeline(office: Office) -> None:
    office.names.claim("b", ["x"])
    office.ask(Request(run=AskedRun("x", "ada")), 0.5)
    office.desk.hand_out()
    assert [len(loop.noted) for loop in office.loops.values()] == [0, 1]


def test_a_source_that_nobody_follows_is_named_with_those_that_are(office: Office) -> None:
    asked = office.ask(Request(source="c"))
    office.desk.hand_out()
    answer = asked.result()
    assert isinstance(answer, Answer)
    assert (answer.is_good, answer.message) == (False, "no source `c` is followed (there are: a, b)")


def test_who_is_followed_no_more_holds_no_answer_up(office: Office) -> None:
    asked = office.ask(Request())
    office.desk.hand_out()
    office.answer("a")
    del office.loops["b"]
    office.desk.hand_out()
    answer = asked.result()
    assert isinstance(answer, Answer)
    assert answer.message == "a: a is there; b: source b is followed no more"


def test_who_takes_the_place_of_a_source_is_asked_again(office: Office, site: Site) -> None:
    asked = office.ask(Request())
    office.desk.hand_out()
    office.loops["b"] = Loop(site, "b", office.names)
    office.desk.hand_on(office.loops["b"])
    office.answer("a")
    office.answer("b")
    assert isinstance(asked.result(), Answer)


def test_an_answer_that_nobody_waits_for_is_dropped(office: Office) -> None:
    asked = office.ask(Request(source="a"), 0.05)
    office.desk.hand_out()
    assert asked.result() == Silence(("a",))  # and takes the request back
    office.desk.hand_out()
    office.answer("a")
    assert office.requests.pending() == []


def test_who_does_not_answer_in_time_is_named(office: Office) -> None:
    asked = office.ask(Request(), 0.5)
    office.desk.hand_out()
    office.answer("a")
    silence = asked.result()
    assert isinstance(silence, Silence)
    assert f"{silence.told} not answer" == "source b does not answer"


def test_news_is_not_waited_for_where_a_source_is_busy(office: Office) -> None:
    office.loops["b"].busy = 30.0
    asked = office.ask(Request(news="suspend"))
    office.desk.hand_out()
    office.answer("a")
    answer = asked.result()
    assert isinstance(answer, Answer)
    assert (answer.is_good, answer.late) == (True, ("b",))
    assert len(office.loops["b"].noted) == 1  # it takes notice when it is done


def test_a_reconciliation_is_waited_for_however_busy_a_source_is(office: Office) -> None:
    office.loops["b"].busy = 30.0
    asked = office.ask(Request(source="b"))
    office.desk.hand_out()
    office.answer("b", message="main@sha1:1")
    assert asked.result() == Answer(True, "main@sha1:1")
