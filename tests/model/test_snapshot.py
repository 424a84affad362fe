"""Snapshots: what lies in a folder, told without reading a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.snapshot import Difference, Entry, EntryKind, Snapshot

NAMES = st.sampled_from(["a", "a-b", "a.b", "ab", "b", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@given(st.sets(PATHS), PATHS | st.just(""))
def test_the_files_of_a_folder_are_those_whose_path_begins_with_it(paths: set[str], folder: str) -> None:
    files = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    entries = {path: Entry(f"oid of {path}", EntryKind.FILE if path in files else EntryKind.TREE) for path in paths}
    found = Snapshot("main@sha1:1", "1", "tree", entries).files_under(folder)
    prefix = f"{folder}/" if folder else ""
    assert found == {path.removeprefix(prefix): f"oid of {path}" for path in files if path.startswith(prefix)}


def test_links_and_submodules_are_content_of_their_folder() -> None:
    entries = {
        "src": Entry("1", EntryKind.TREE),
        "src/to": Entry("2", EntryKind.LINK),
        "src/sub": Entry("3", EntryKind.SUBMODULE),
    }
    assert Snapshot("main@sha1:1", "1", "tree", entries).files_under("src") == {"to": "2", "sub": "3"}


def test_what_changed_is_found_by_comparing_where_nobody_noted_it() -> None:
    earlier = Snapshot("main@sha1:1", "1", "t1", {"a": Entry("1", EntryKind.FILE), "b": Entry("2", EntryKind.FILE)})
    later = Snapshot("main@sha1:2", "2", "t2", {"b": Entry("2", EntryKind.FILE), "c": Entry("3", EntryKind.FILE)})
    assert later.paths_changed_since(earlier) == {"", "a", "c"}
    assert later.paths_changed_since(later) == frozenset()


def test_what_was_noted_counts_only_from_the_snapshot_that_it_was_noted_from() -> None:
    first = Snapshot("main@sha1:1", "1", "t1", {})
    second = Snapshot(
        "main@sha1:2", "2", "t2", {"a": Entry("1", EntryKind.FILE)}, Difference("t1", frozenset({"", "a"}))
    )
    third = Snapshot("main@sha1:3", "3", "t3", {}, Difference("t2", frozenset({"", "a"})))
    assert second.paths_changed_since(first) == {"", "a"}
    assert third.paths_changed_since(first) == {""}
