"""Sources and what they hold: conditions with their dates, and versions that never change their meaning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.manifests import Kind
from reconciler.model.status import Condition, ConditionType, Resource, ready, reconciling, stalled
from reconciler.state.database import Database
from reconciler.state.folder import StateFolder
from reconciler.state.schema import STATE_MIGRATIONS
from reconciler.state.sources import SourceState
from reconciler.state.store import State

from .records import version

ORIGIN = SourceState("origin", "https://example.org/a.git", "main")


def resource(
    name: str = "train", conditions: tuple[Condition, ...] = (), kind: Kind = Kind.PIPELINE, source: str = "origin"
) -> Resource:
    return Resource(kind, name, "1.0.0", source, "", conditions or ready("Applied", "as Git says"))


def since(state: State, name: str = "train") -> dict[ConditionType, float]:
    (found,) = (each for each in state.sources.resources() if each.name == name)
    return {condition.type: condition.since for condition in found.conditions}


def test_a_source_is_kept_as_the_daemon_left_it(state: State, folder: StateFolder) -> None:
    left = replace(ORIGIN, applied_revision="main@sha1:1", applied_commit="1", attempted_commit="2", updated=3.0)
    state.sources.save(ORIGIN)
    state.sources.save(left)
    assert state.sources.get("origin") == left
    assert state.sources.get("none") is None
    again = State(folder)
    assert again.sources.all() == [left]
    again.close()


def test_one_that_is_followed_from_now_on_is_listed_and_one_that_is_known_stays_as_it_is(state: State) -> None:
    state.sources.save(SourceState("main", "/srv/git/a", "main", conditions=ready("Applied", "applied"), updated=1.0))
    for name in ("main", "other"):
        begun = SourceState(name, "/srv/git/b", "main", conditions=reconciling("Progressing", "first"), updated=2.0)
        state.sources.begin(begun)
    said = [(each.name, each.url, each.conditions[0]) for each in state.sources.all()]
    assert [(name, url, first.reason, first.since) for name, url, first in said] == [
        ("main", "/srv/git/a", "Applied", 1.0),
        ("other", "/srv/git/b", "Progressing", 2.0),
    ]


def test_sources_are_told_by_name(state: State) -> None:
    for name in ("b", "c", "a"):
        state.sources.save(replace(ORIGIN, name=name))
    assert [source.name for source in state.sources.all()] == ["a", "b", "c"]


def test_a_source_has_been_ready_since_it_became_so(state: State) -> None:
    for now, conditions in (
        (1.0, ready("a", "")),
        (2.0, ready("b", "")),
        (3.0, stalled("c", "")),
        (4.0, ready("d", "")),
    ):
        state.sources.save(replace(ORIGIN, conditions=conditions, updated=now))
        if now == 2.0:
            kept = state.sources.get("origin")
            assert kept is not None
            assert [(condition.reason, condition.since) for condition in kept.conditions] == [("b", 1.0)]
    kept = state.sources.get("origin")
    assert kept is not None
    assert [condition.since for condition in kept.conditions] == [4.0]


def test_a_condition_is_dated_from_when_its_status_changed_not_its_words(state: State) -> None:
    told = [
        reconciling("Running", "step 1"),
        reconciling("Running", "step 2"),
        ready("Applied", ""),
        ready("Again", ""),
    ]
    dates = []
    for now, conditions in enumerate(told, start=1):
        state.sources.save_resources("origin", [resource(conditions=conditions)], float(now))
        dates.append(since(state))
    changing = {ConditionType.READY: 1.0, ConditionType.RECONCILING: 1.0}
    assert dates == [changing, changing, {ConditionType.READY: 3.0}, {ConditionType.READY: 3.0}]


_TOLD = st.sampled_from([ready("a", ""), ready("b", ""), reconciling("a", ""), reconciling("a", "b"), stalled("a", "")])


@settings(deadline=None)
@given(told=st.lists(st.tuples(_TOLD, st.booleans(), st.booleans()), min_size=1, max_size=6))
def test_a_daemon_that_remembers_and_one_that_was_started_anew_keep_the_same(
    shared: State, told: list[tuple[tuple[Condition, ...], bool, bool]]
) -> None:
    """A restart is a second state of the same folder; each example has sources of its own."""
    example = len(shared.sources.all())
    remembers, restarts = f"remembers {example}", f"restarts {example}"
    shared.sources.save(replace(ORIGIN, name=remembers))
    for now, (conditions, is_suspended, is_kept) in enumerate(told):
        anew = State(shared.folder)
        for sources, source in ((shared.sources, remembers), (anew.sources, restarts)):
            if is_kept:
                one = replace(resource(conditions=conditions, source=source), is_suspended=is_suspended)
                sources.save_resources(source, [one], float(now))
            else:
                sources.remove_resources(source, [(Kind.PIPELINE, "train")])
        kept, expected = anew.sources.resources(restarts), anew.sources.resources(remembers)
        anew.close()
        assert [replace(each, source="") for each in kept] == [replace(each, source="") for each in expected]
        assert [each.is_suspended for each in kept] == ([is_suspended] if is_kept else [])


def test_resources_are_at_the_revision_that_their_source_applied(state: State) -> None:
    state.sources.save_resources("origin", [resource()], now=1.0)
    assert [each.revision for each in state.sources.resources()] == [""]
    state.sources.save(replace(ORIGIN, applied_revision="main@sha1:1"))
    assert [each.revision for each in state.sources.resources()] == ["main@sha1:1"]


def test_resources_are_told_by_source_kind_and_name(state: State) -> None:
    state.sources.save_resources("z", [resource("a", source="z")], now=1.0)
    state.sources.save_resources("origin", [resource("b"), resource("a"), resource("c", kind=Kind.COMPONENT)], now=1.0)
    assert [(each.source, each.kind, each.name) for each in state.sources.resources()] == [
        ("origin", Kind.COMPONENT, "c"),
        ("origin", Kind.PIPELINE, "a"),
        ("origin", Kind.PIPELINE, "b"),
        ("z", Kind.PIPELINE, "a"),
    ]
    assert [each.name for each in state.sources.resources("z")] == ["a"]


def test_what_is_told_of_some_resources_leaves_the_others_as_they_were(state: State) -> None:
    state.sources.save_resources("origin", [resource("a"), resource("b")], now=1.0)
    state.sources.save_resources("origin", [resource("b", stalled("Failed", "no"))], now=2.0)
    assert since(state, "a") == {ConditionType.READY: 1.0}
    assert since(state, "b") == {ConditionType.READY: 2.0, ConditionType.STALLED: 2.0}


def test_a_new_version_or_a_suspension_is_kept_though_its_conditions_are_as_before(state: State) -> None:
    state.sources.save_resources("origin", [resource()], now=1.0)
    state.sources.save_resources("origin", [replace(resource(), version="2.0.0", is_suspended=True)], now=2.0)
    (kept,) = state.sources.resources()
    assert (kept.version, kept.is_suspended) == ("2.0.0", True)
    assert since(state) == {ConditionType.READY: 1.0}


def test_what_a_source_applied_is_known_by_kind_and_name_until_it_is_removed(state: State) -> None:
    state.sources.save_resources("origin", [resource("a"), resource("a", kind=Kind.COMPONENT)], now=1.0)
    state.sources.save_resources("other", [resource("b", source="other")], now=1.0)
    assert state.sources.applied("origin") == {(Kind.PIPELINE, "a"), (Kind.COMPONENT, "a")}
    state.sources.remove_resources("origin", [(Kind.PIPELINE, "a"), (Kind.PIPELINE, "b")])
    assert state.sources.applied("origin") == {(Kind.COMPONENT, "a")}
    assert state.sources.applied("other") == {(Kind.PIPELINE, "b")}
    assert len(state.sources.resources()) == 2


def test_a_version_keeps_the_meaning_that_it_had_first(state: State) -> None:
    state.sources.save_versions([version(digest="d1")])
    state.sources.save_versions([version(digest="d2"), version(number="1.1.0", digest="d2")])
    assert state.sources.versions() == [version(digest="d1"), version(number="1.1.0", digest="d2")]


def test_the_versions_of_one_manifest_are_told_in_the_order_in_which_they_came(state: State) -> None:
    state.sources.save_versions([version(number="1.1.0"), version("other"), version(number="1.0.0")])
    found = state.sources.versions_of(Kind.COMPONENT, "split")
    assert found == [version(number="1.1.0"), version(number="1.0.0")]
    assert state.sources.versions_of(Kind.DATA, "split") == []


def test_only_the_versions_that_were_added_are_read_when_some_are_known(state: State) -> None:
    state.sources.save_versions([version("z"), version("a")])
    known = state.sources.versions()
    state.sources.save_versions([version("m"), version("a")])
    assert [each.name for each in known] == ["z", "a"]
    assert [each.name for each in state.sources.versions(after=len(known))] == ["m"]
    assert state.sources.versions(after=3) == []


def test_every_source_has_versions_of_its_own_beside_those_that_count_for_all(state: State) -> None:
    state.sources.save_versions([version(digest="d0")])
    state.sources.save_versions([version(digest="d1"), version(number="1.1.0", digest="d1")], "loans")
    state.sources.save_versions([version(number="1.1.0", digest="d2")], "fraud")
    assert [each.digest for each in state.sources.versions(source="loans")] == ["d0", "d1", "d1"]
    assert [each.digest for each in state.sources.versions(source="fraud")] == ["d0", "d2"]
    assert [each.digest for each in state.sources.versions(after=1, source="fraud")] == ["d2"]
    assert len(state.sources.versions()) == 4


@pytest.mark.parametrize(("names", "owner"), [(("loans",), "loans"), (("loans", "fraud"), ""), ((), "")])
def test_versions_of_an_older_state_are_those_of_its_only_source(
    tmp_path: Path, names: tuple[str, ...], owner: str
) -> None:
    folder = StateFolder(tmp_path / "older")
    folder.prepare()
    before = next(index for index, each in enumerate(STATE_MIGRATIONS) if "versions_before" in each)
    older = Database(folder.database, STATE_MIGRATIONS[:before])
    for name in names:
        older.execute(
            "INSERT INTO sources (name, url, branch, applied_revision, applied_commit, attempted_revision,"
            " attempted_commit, condition, updated) VALUES (?, '', 'main', '', '', '', '', '[]', 0)",
            (name,),
        )
    older.execute(
        "INSERT INTO versions (kind, name, version, digest, revision) VALUES ('data', 'x', '1.0.0', 'd', 'r')"
    )
    older.close()
    state = State(folder)
    assert [row["source"] for row in state.database.rows("SELECT source FROM versions")] == [owner]
    assert [each.digest for each in state.sources.versions()] == ["d"]
    state.close()


def test_a_source_that_is_forgotten_leaves_its_versions(state: State) -> None:
    for name in ("loans", "fraud"):
        state.sources.save(SourceState(name, "url", "main"))
        state.sources.save_resources(name, [resource("a", source=name)], now=1.0)
    state.sources.save_versions([version()], "loans")
    state.sources.forget("loans")
    assert [source.name for source in state.sources.all()] == ["fraud"]
    assert [each.source for each in state.sources.resources()] == ["fraud"]
    assert state.sources.applied("loans") == frozenset()
    assert state.sources.versions() == [version()]
