"""A snapshot from the one before is the snapshot from nothing, whatever was changed between the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.snapshot import EntryKind, Snapshot
from reconciler.source.mirror import Mirror

from .git_repository import Content, Executable, Link, Repository, Submodule
from .trees import files

Followed = tuple[Repository, Mirror]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """A repository and its mirror for many commits; a mirror shares all objects, as after a fetch."""
    origin = Repository(tmp_path_factory.mktemp("followed") / "origin.git")
    mirror = Mirror(origin.url, "main", origin.path)
    yield origin, mirror
    mirror.close()


@settings(max_examples=40, deadline=None)
@given(commits=st.lists(files(), min_size=2, max_size=3))
def test_incremental_snapshots_equal_fresh_ones(followed: Followed, commits: list[dict[str, Content]]) -> None:
    origin, mirror = followed
    previous: Snapshot | None = None
    for content in commits:
        commit = origin.commit(content)
        fresh = mirror.snapshot(commit)
        incremental = mirror.snapshot(commit, previous)
        assert incremental == fresh
        assert {path for path, entry in fresh.entries.items() if entry.kind is not EntryKind.TREE} == set(content)
        if previous is not None:
            assert incremental.paths_changed_since(previous) == fresh.paths_changed_since(previous)
        previous = incremental


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": "file"}, {"a/b": "now a folder"}),
        ({"a/b": "folder"}, {"a": "now a file"}),
        ({"a": "file"}, {"a": Link("b")}),
        ({"a": "same"}, {"a": Executable(b"same")}),
        ({"a/b/c": "1", "d": "2"}, {"d": "2"}),
        ({"a": Submodule("1" * 40)}, {"a": Submodule("2" * 40)}),
        ({"a/b": "moved"}, {"c/b": "moved"}),
        ({"a": "1"}, {"b": "2"}),
    ],
)
def test_each_kind_of_change_is_followed(
    followed: Followed, before: dict[str, Content], after: dict[str, Content]
) -> None:
    origin, mirror = followed
    first = mirror.snapshot(origin.commit(before))
    commit = origin.commit(after)
    assert mirror.snapshot(commit, first) == mirror.snapshot(commit)


def test_the_snapshot_before_stays_as_it_was(followed: Followed) -> None:
    origin, mirror = followed
    first = mirror.snapshot(origin.commit({"a": "1", "b": "1"}))
    entries = dict(first.entries)
    mirror.snapshot(origin.commit({"a": "2"}), first)
    assert first.entries == entries


def test_a_commit_that_changes_nothing_has_a_revision_of_its_own(followed: Followed) -> None:
    origin, mirror = followed
    first = mirror.snapshot(origin.commit({"a": "1"}))
    commit = origin.commit({"a": "1"}, message="Nothing")
    second = mirror.snapshot(commit, first)
    assert (second.revision, second.tree, second.entries) == (f"main@sha1:{commit}", first.tree, first.entries)


def test_a_path_that_is_no_text_is_the_path_that_a_file_system_gives(followed: Followed, tmp_path: Path) -> None:
    origin, mirror = followed
    name = b"donn\xe9es.csv"
    (tmp_path / name.decode(errors="surrogateescape")).touch()
    (on_disk,) = (path.name for path in tmp_path.iterdir())
    blob = origin.blob(b"1")
    tree = origin.git("mktree", "-z", given=b"100644 blob " + blob.encode() + b"\t" + name + b"\0")
    commit = origin.git("commit-tree", "-m", "A name in Latin-1", tree)
    assert mirror.snapshot(commit).entries.keys() == {on_disk}
