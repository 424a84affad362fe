"""Data at URLs in a followed repository: the last good revision outlives a store that is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.model.status import Trouble
from tests.source.web import Web, serving_pages

from .following import Following
from .origin import Origin, pipeline
from .site import Clock


@pytest.fixture
def web() -> Iterator[Web]:
    with serving_pages() as web:
        yield web


def _reading(url: str) -> str:
    return f"""
type: pipeline
name: read
jobs:
  read:
    type: command
    command: cat ${{{{inputs.loans}}}}
    environment: {{image: python}}
    inputs:
      loans: {{type: uri_file, path: "{url}"}}
"""


def test_an_unchanged_head_asks_no_store(following: Following, origin: Origin, web: Web) -> None:
    origin.push({"read.yaml": _reading(web.put("loans.csv", b"1,2"))})
    assert following.turn().started == ("read",)
    asked = len(web.asked)
    following.turn("interval")
    following.turn("interval")
    assert len(web.asked) == asked


def test_data_that_changed_is_noticed_when_somebody_asks(following: Following, origin: Origin, web: Web) -> None:
    url = web.put("loans.csv", b"1,2")
    origin.push({"read.yaml": _reading(url)})
    following.turn()
    web.put("loans.csv", b"3,4")
    assert following.turn("interval").started == ()
    assert following.turn("request", is_asked=True).started == ("read",)


def test_a_revision_whose_data_is_not_there_yet_is_taken_up_once_it_is(
    following: Following, origin: Origin, web: Web, clock: Clock
) -> None:
    origin.push({"other.yaml": pipeline("true", name="other")})
    before = following.turn().revision
    origin.push({"read.yaml": _reading(web.url("loans.csv"))})
    outcome = following.turn()
    assert "there is nothing at" in outcome.error
    assert following.source.applied_revision == before
    said = following.source.conditions[0]
    assert (said.reason, said.trouble, said.tries) == ("DataUnavailable", Trouble.TRANSIENT, 1)
    assert following.follower.next_due() == said.next_try
    web.put("loans.csv", b"1,2")
    clock.advance(60.0)
    assert following.turn("interval").started == ("read",)
    assert following.source.applied_revision != before


def test_what_was_applied_holds_after_a_restart_while_the_store_is_away(
    following: Following, origin: Origin, web: Web
) -> None:
    origin.push({"read.yaml": _reading(web.put("loans.csv", b"1,2"))})
    following.turn()
    web.put("loans.csv", b"", status=503)
    assert following.site.remote_data is not None
    following.site.remote_data.forget()
    following.restart()
    outcome = following.turn()
    assert outcome.is_good
    assert outcome.started == ()
    assert following.reason("pipeline/read")[0] == "RunSucceeded"
