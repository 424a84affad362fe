"""Snapshots: what lies in a folder, told without reading a file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.snapshot import MOUNT, Difference, Entry, EntryKind, Mount, Snapshot, mounted

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


TAG = "component/split/v1.2.0"
MOUNTED = Snapshot(
    "main@sha1:1",
    "1",
    "tree",
    {"src": Entry("1", EntryKind.TREE), "src/run.py": Entry("2", EntryKind.FILE)},
    mounts={
        TAG: Mount(
            "c1",
            "t1",
            {
                "src": Entry("3", EntryKind.TREE),
                "src/run.py": Entry("4", EntryKind.FILE),
                "src/sub": Entry("5", EntryKind.TREE),
                "src/sub/b.py": Entry("6", EntryKind.FILE),
                "src2.py": Entry("7", EntryKind.FILE),
            },
        ),
        "v1": Mount("c2", "t2", {}),
    },
)


@pytest.mark.parametrize(
    ("path", "oid"),
    [
        ("", "tree"),
        ("src", "1"),
        ("src/run.py", "2"),
        ("src/sub/b.py", None),
        (f"{TAG}//", "t1"),
        (f"{TAG}//src", "3"),
        (f"{TAG}//src/run.py", "4"),
        (f"{TAG}//src/none.py", None),
        ("v1//", "t2"),
        ("v1//src", None),
        ("v2//", None),
        ("v2//src/run.py", None),
        (TAG, None),
    ],
)
def test_what_lies_at_a_path_of_the_revision_or_of_a_tag(path: str, oid: str | None) -> None:
    entry = MOUNTED.entry(path)
    assert (entry.oid if entry is not None else None) == oid
    assert entry is None or entry.kind is (EntryKind.FILE if path.endswith(".py") else EntryKind.TREE)


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        ("", {"src/run.py": "2"}),
        ("src", {"run.py": "2"}),
        (f"{TAG}//", {"src/run.py": "4", "src/sub/b.py": "6", "src2.py": "7"}),
        (f"{TAG}//src", {"run.py": "4", "sub/b.py": "6"}),
        (f"{TAG}//src/sub", {"b.py": "6"}),
        (f"{TAG}//none", {}),
        ("v1//", {}),
        ("v2//src", {}),
    ],
)
def test_the_files_of_a_folder_of_a_tag_are_those_that_it_held(folder: str, files: dict[str, str]) -> None:
    assert MOUNTED.files_under(folder) == files


def test_what_is_seen_of_tags_is_no_part_of_what_changed() -> None:
    assert MOUNTED.paths_changed_since(replace(MOUNTED, mounts={})) == frozenset()


@given(st.sampled_from([TAG, "v1", "a@v1.0.0"]), PATHS)
def test_a_path_of_a_tag_is_told_from_one_of_the_revision(tag: str, path: str) -> None:
    assert mounted(tag, path).partition(MOUNT) == (tag, MOUNT, path)
    assert MOUNT not in path
