"""The step cache: results by fingerprint."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.state.store import State

from .records import result


def test_a_fingerprint_that_never_succeeded_has_no_result(state: State) -> None:
    assert state.results.get("f1") is None
    assert state.results.many(["f1"]) == state.results.of_definitions(["d1"]) == {}


def test_the_newest_result_of_a_fingerprint_counts(state: State) -> None:
    state.results.save(result(model="old"), now=1.0)
    state.results.save(result(model="new"), now=2.0)
    assert state.results.get("f1") == result(model="new")


def test_a_definition_has_one_result_for_each_input_it_was_given(state: State) -> None:
    for fingerprint, definition in (("f1", "d1"), ("f2", "d1"), ("f3", "d2"), ("f4", "d3")):
        state.results.save(result(fingerprint, definition), now=1.0)
    assert sorted(state.results.of_definitions(["d1", "d2", "d1", "none"])) == ["f1", "f2", "f3"]


def test_a_result_that_is_forgotten_is_gone_and_others_stay(state: State) -> None:
    for fingerprint in ("f1", "f2"):
        state.results.save(result(fingerprint), now=1.0)
    state.results.forget("f1")
    state.results.forget("f1")
    assert sorted(state.results.many(["f1", "f2"])) == ["f2"]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1200])
def test_any_number_is_looked_up_at_once(state: State, count: int) -> None:
    with state.database.transaction():
        for number in range(count):
            state.results.save(replace(result(f"f{number}", f"d{number}")), now=1.0)
    wanted = {f"f{number}" for number in range(count)}
    assert state.results.many([*wanted, "none"]).keys() == wanted
    assert state.results.of_definitions(f"d{number}" for number in range(count)).keys() == wanted


def test_the_results_that_hold_a_content_are_found(state: State) -> None:
    state.results.save(result("f1", model="abc", scores="def"), now=1.0)
    state.results.save(result("f2", model="abcd"), now=1.0)
    state.results.save(result("f3", scores="abc"), now=1.0)
    assert sorted(state.results.holding("abc")) == ["f1", "f3"]
    assert state.results.holding("ab") == []
