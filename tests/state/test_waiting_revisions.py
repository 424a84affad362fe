"""Revisions that wait are kept in order, and leave with a word or without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution
from reconciler.model.waiting_revisions import SkippedRevision, WaitingRevision
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

LOCK = (Resolution(Kind.COMPONENT, "split@^1.2", "split", "1.4.1", "digest", "component/split/v1.4.1", "1a2b"),)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(StateFolder(tmp_path / "state"))
    yield state
    state.close()


def _revision(number: int, pipeline: str = "lending", source: str = "main") -> WaitingRevision:
    return WaitingRevision(source, pipeline, f"main@sha1:{number}", str(number), f"c{number}", "push", 7.0, LOCK)


def _events(state: State) -> list[tuple[str, str, str]]:
    return [(each.type, each.reason, each.message) for each in state.events.recent(Kind.PIPELINE, "lending")]


def test_they_are_kept_in_the_order_in_which_they_came(state: State, tmp_path: Path) -> None:
    for each in (_revision(1), _revision(2), _revision(3, "other"), _revision(4, source="loans")):
        state.waiting_revisions.join(each, "", 8.0)
    state.close()
    again = State(StateFolder(tmp_path / "state"))
    kept = again.waiting_revisions.of("main")
    assert {name: [each.revision for each in line] for name, line in kept.items()} == {
        "lending": ["main@sha1:1", "main@sha1:2"],
        "other": ["main@sha1:3"],
    }
    assert kept["lending"][0] == WaitingRevision(
        "main", "lending", "main@sha1:1", "1", "c1", "push", 7.0, LOCK, kept["lending"][0].number
    )
    assert [each.source for each in again.waiting_revisions.of_pipeline("lending")] == ["main", "main", "loans"]
    again.close()


def test_joining_is_told_unless_it_is_told_elsewhere(state: State) -> None:
    state.waiting_revisions.join(_revision(1), "lending-1 runs", 8.0)
    state.waiting_revisions.join(_revision(2), "", 8.0)
    assert _events(state) == [("Normal", "RevisionWaits", "main@sha1:1 waits: lending-1 runs")]


def test_leaving_is_told_of_those_that_are_skipped(state: State) -> None:
    for number in (1, 2, 3):
        state.waiting_revisions.join(_revision(number), "", 8.0)
    first, second, third = state.waiting_revisions.of("main")["lending"]
    state.waiting_revisions.leave([first])
    state.waiting_revisions.skip(
        [SkippedRevision(second, "a newer one came"), SkippedRevision(third, "lost", True)], 9.0
    )
    assert state.waiting_revisions.of("main") == {}
    assert _events(state) == [
        ("Normal", "RevisionSkipped", "skipped main@sha1:2: a newer one came"),
        ("Warning", "RevisionSkipped", "skipped main@sha1:3: lost"),
    ]


def test_a_source_that_is_forgotten_has_nobody_wait(state: State) -> None:
    state.waiting_revisions.join(_revision(1), "", 8.0)
    state.sources.forget("main")
    assert state.waiting_revisions.of("main") == {}
