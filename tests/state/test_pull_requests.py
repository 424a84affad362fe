"""What was told of pull requests is kept by source and number."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.pull_requests import ToldPullRequest
from reconciler.state.store import State

TOLD = ToldPullRequest("main", 12, "d1", 7, "c" * 40, "not allowed", True, "e" * 40, 3.0)


def test_each_source_has_its_own(state: State) -> None:
    other = ToldPullRequest("other", 12)
    state.pull_requests.save(TOLD)
    state.pull_requests.save(other)
    assert state.pull_requests.of("main") == {12: TOLD}
    assert state.pull_requests.of("other") == {12: other}


def test_the_newest_counts_until_it_is_forgotten(state: State) -> None:
    state.pull_requests.save(TOLD)
    state.pull_requests.save(replace(TOLD, told="d2"))
    assert state.pull_requests.of("main")[12].told == "d2"
    state.pull_requests.forget(TOLD)
    assert state.pull_requests.of("main") == {}


def test_a_source_that_is_followed_no_more_is_forgotten_with_them(state: State) -> None:
    state.pull_requests.save(TOLD)
    state.sources.forget("main")
    assert state.pull_requests.of("main") == {}
