"""When all that a pull request changed stands in a revision, and what its preview runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.snapshot import Entry, EntryKind, Snapshot
from reconciler.planning.previews import is_merged

Files = dict[str, str]


def snapshot(files: Files) -> Snapshot:
    entries = {path: Entry(content, EntryKind.FILE) for path, content in files.items()}
    folders = {path.rpartition("/")[0] for path in files} - {""}
    for folder in folders:
        content = str(sorted((path, content) for path, content in files.items() if path.startswith(f"{folder}/")))
        entries[folder] = Entry(content, EntryKind.TREE)
    return Snapshot("r", None, str(sorted(files.items())), entries)


BASE = {"code/train.py": "1", "pipeline.yaml": "1"}
HEAD = {"code/train.py": "2", "pipeline.yaml": "1"}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (HEAD, True),
        (HEAD | {"code/other.py": "9", "pipeline.yaml": "7"}, True),
        (BASE, False),
        (HEAD | {"code/train.py": "3"}, False),
        ({"pipeline.yaml": "1"}, False),
    ],
    ids=["merged", "merged beside other changes", "not merged", "merged with another change", "removed"],
)
def test_it_is_merged_where_each_file_that_it_changed_is_as_it_wants_it(now: Files, expected: bool) -> None:
    assert is_merged(snapshot(BASE), snapshot(HEAD), snapshot(now)) is expected


def test_a_file_that_it_takes_away_must_be_gone() -> None:
    head = {"pipeline.yaml": "1"}
    assert is_merged(snapshot(BASE), snapshot(head), snapshot(head | {"new.yaml": "1"}))
    assert not is_merged(snapshot(BASE), snapshot(head), snapshot(BASE))


def test_one_that_changes_nothing_is_never_merged() -> None:
    assert not is_merged(snapshot(BASE), snapshot(BASE), snapshot(BASE))


files = st.dictionaries(st.sampled_from(["a", "b/c", "b/d", "e"]), st.sampled_from("123"), max_size=4)


@given(files, files, files)
def test_a_squash_onto_any_revision_counts_as_merged(base: Files, head: Files, other: Files) -> None:
    """Whatever the branch holds besides, once all of the change is put on top of it."""
    changed = {path for path in base.keys() | head.keys() if base.get(path) != head.get(path)}
    kept = {path: content for path, content in other.items() if path not in changed}
    squashed = kept | {path: head[path] for path in changed if path in head}
    assert is_merged(snapshot(base), snapshot(head), snapshot(squashed)) is bool(changed)
