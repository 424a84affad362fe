"""Requests handed to sources, each once, and the answers put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.daemon.desk import Desk
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.requests import Answer, Request, Requests
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_loop import SourceLoop
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.model.asked_runs import AskedRun


class Loop(SourceLoop):
    """A loop that only notes what it is asked for."""

    def __init__(self, site: Site, name: str, names: PipelineNames) -> None:
        settings = SourceSettings(name, "/nowhere.git", "main")
        super().__init__(site, settings, RunsUnderWay(), names, lambda *_: None, lambda *_: None)
        self.noted: list[Request] = []

    def ask(self, request: Request) -> None:
        self.noted.append(request)


class Office:
    """A desk with two sources, and the folder of requests."""

    def __init__(self, site: Site, folder: Path) -> None:
        folder.mkdir()
        self.requests = Requests(folder)
        self.names = PipelineNames(site.state)
        self.loops = {name: Loop(site, name, self.names) for name in ("a", "b")}
        self.desk = Desk(self.requests, self.loops, {}, self.names)

    def answer(self, source: str, *, is_good: bool = True, message: str = "") -> None:
        """Have a source answer what it was asked last."""
        self.desk.answer(source, self.loops[source].noted[-1], Answer(is_good, message or f"{source} is there"))

    def answered(self, name: str) -> Answer | None:
        return self.requests.wait(name, 0.05)


@pytest.fixture
def office(site: Site, tmp_path: Path) -> Office:
    return Office(site, tmp_path / "asked")


def test_a_request_of_all_is_handed_to_each_once(office: Office) -> None:
    office.requests.ask()
    office.desk.hand_out()
    office.desk.hand_out()
    assert [len(loop.noted) for loop in office.loops.values()] == [1, 1]


def test_it_is_answered_once_all_have(office: Office) -> None:
    name = office.requests.ask()
    office.desk.hand_out()
    office.answer("b", is_good=False, message="no")
    assert office.requests.pending()
    office.answer("a")
    assert office.answered(name) == Answer(False, "b: no; a: a is there")


def test_a_request_of_one_is_handed_to_that_one_and_answered_in_its_words(office: Office) -> None:
    name = office.requests.ask(source="b")
    office.desk.hand_out()
    assert [len(loop.noted) for loop in office.loops.values()] == [0, 1]
    office.answer("b", message="main@sha1:1")
    assert office.answered(name) == Answer(True, "main@sha1:1")


def test_a_run_is_asked_of_the_source_that_has_the_pipeline(office: Office) -> None:
    office.names.claim("b", ["x"])
    office.requests.ask(run=AskedRun("x", "ada"))
    office.desk.hand_out()
    assert [len(loop.noted) for loop in office.loops.values()] == [0, 1]


def test_a_source_that_nobody_follows_is_named_with_those_that_are(office: Office) -> None:
    name = office.requests.ask(source="c")
    office.desk.hand_out()
    answer = office.answered(name)
    assert answer is not None
    assert (answer.is_good, answer.message) == (False, "no source `c` is followed (there are: a, b)")


def test_who_is_followed_no_more_holds_no_answer_up(office: Office) -> None:
    name = office.requests.ask()
    office.desk.hand_out()
    office.answer("a")
    del office.loops["b"]
    office.desk.hand_out()
    answer = office.answered(name)
    assert answer is not None
    assert answer.message == "a: a is there; b: source b is followed no more"


def test_who_takes_the_place_of_a_source_is_asked_again(office: Office, site: Site) -> None:
    name = office.requests.ask()
    office.desk.hand_out()
    office.loops["b"] = Loop(site, "b", office.names)
    office.desk.hand_on(office.loops["b"])
    office.answer("a")
    office.answer("b")
    assert office.answered(name) is not None


def test_an_answer_that_nobody_waits_for_is_dropped(office: Office) -> None:
    name = office.requests.ask(source="a")
    office.desk.hand_out()
    assert office.answered(name) is None  # and takes the request back
    office.desk.hand_out()
    office.answer("a")
    assert office.answered(name) is None
