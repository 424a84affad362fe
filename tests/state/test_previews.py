"""Previews of pull requests: what their steps give is kept apart until it is shared or dropped."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.previews import Preview
from reconciler.state.store import State

from .records import result

PREVIEW = Preview("main", 12, "c" * 40, "b" * 40, "ada", 1.0)


def test_a_preview_takes_up_what_all_do_and_keeps_its_own_apart(state: State) -> None:
    apart = state.apart(PREVIEW.name)
    state.results.save(result("f1"), now=1.0)
    apart.results.save(result("f2"), now=2.0)
    assert sorted(apart.results.many(["f1", "f2"])) == ["f1", "f2"]
    assert sorted(state.results.many(["f1", "f2"])) == ["f1"]
    assert state.apart("main/pr-13").results.get("f2") is None


def test_what_all_take_up_counts_where_a_preview_has_its_own_too(state: State) -> None:
    apart = state.apart(PREVIEW.name)
    apart.results.save(result("f1", model="own"), now=1.0)
    state.results.save(result("f1", model="shared"), now=2.0)
    assert apart.results.get("f1") == result("f1", model="shared")
    assert apart.results.of_definitions([result("f1").definition]) == {"f1": result("f1", model="shared")}


def test_a_merged_one_is_shared_and_over(state: State) -> None:
    state.previews.save(PREVIEW)
    state.apart(PREVIEW.name).results.save(result("f1"), now=1.0)
    state.apart(PREVIEW.name).results.save(result("f2", model="own"), now=1.0)
    state.results.save(result("f2", model="shared"), now=2.0)
    state.previews.share(PREVIEW)
    assert state.results.get("f1") == result("f1")
    assert state.results.get("f2") == result("f2", model="shared")
    assert state.previews.of("main") == ()


def test_a_closed_one_is_forgotten_with_what_it_gave(state: State) -> None:
    other = replace(PREVIEW, number=13)
    for preview in (PREVIEW, other):
        state.previews.save(preview)
        state.apart(preview.name).results.save(result("f1"), now=1.0)
    state.previews.drop(PREVIEW)
    assert state.apart(PREVIEW.name).results.get("f1") is None
    assert state.apart(other.name).results.get("f1") is not None
    assert state.previews.of("main") == (other,)


def test_the_commit_that_was_asked_for_last_counts(state: State) -> None:
    state.previews.save(PREVIEW)
    state.previews.save(replace(PREVIEW, commit="d" * 40))
    found = state.previews.get("main", 12)
    assert found is not None
    assert found.revision == f"pr-12@sha1:{'d' * 40}"


def test_a_result_whose_content_is_gone_is_forgotten_for_all(state: State) -> None:
    state.results.save(result("f1"), now=1.0)
    apart = state.apart(PREVIEW.name)
    apart.results.save(result("f1"), now=1.0)
    state.results.forget("f1")
    assert apart.results.get("f1") is None


def test_a_source_that_is_followed_no_more_takes_its_previews_with_it(state: State) -> None:
    other = replace(PREVIEW, source="other")
    for preview in (PREVIEW, other):
        state.previews.save(preview)
        state.apart(preview.name).results.save(result("f1"), now=1.0)
    state.sources.forget("main")
    assert state.previews.of("main") == ()
    assert state.apart(PREVIEW.name).results.get("f1") is None
    assert state.apart(other.name).results.get("f1") is not None
