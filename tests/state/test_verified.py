"""When contents were compared with their digests last."""

from __future__ import annotations

import pytest

from reconciler.state.folder import StateFolder
from reconciler.state.store import State


def test_what_was_found_right_since_a_moment_is_told(state: State) -> None:
    for digest, moment in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        state.verified.note(digest, moment)
    assert state.verified.since(["a", "b", "c", "d"], 2.0) == {"b", "c"}


def test_the_last_time_counts(state: State) -> None:
    state.verified.note("a", 1.0)
    state.verified.note("a", 5.0)
    assert state.verified.since(["a"], 4.0) == {"a"}


def test_one_that_is_forgotten_is_to_be_compared_again(state: State) -> None:
    state.verified.note("a", 1.0)
    state.verified.forget("a")
    state.verified.forget("a")
    assert state.verified.since(["a"], 0.0) == frozenset()


@pytest.mark.parametrize("count", [0, 1, 500, 501, 1200])
def test_any_number_is_looked_up_at_once(state: State, count: int) -> None:
    digests = [f"d{number}" for number in range(count)]
    for digest in digests:
        state.verified.note(digest, 1.0)
    assert state.verified.since(digests, 1.0) == set(digests)


def test_a_cache_that_is_lost_means_that_everything_is_compared_again(state: State, folder: StateFolder) -> None:
    state.verified.note("a", 1.0)
    state.close()
    folder.cache.unlink()
    again = State(folder)
    assert again.verified.since(["a"], 0.0) == frozenset()
    again.close()
