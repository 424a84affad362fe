"""The tags of real repositories, and what the commits that they lead to hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.errors import SourceError
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Entry, EntryKind
from reconciler.source.plumbing import Git
from reconciler.source.tags import Tags
from reconciler.source.worktree import worktree_snapshot

from .git_repository import Content, Executable, Link, Repository, git

FILES: dict[str, Content] = {
    "component.yaml": "name: root",
    "components/split/component.yaml": "name: split",
    "components/split/src/run.py": Executable(b"print()"),
    "components/split/src/to": Link("run.py"),
    "components/split2/component.yaml": "name: split2",
    "shared/run.py": "print()",
}


@pytest.fixture
def tags(origin: Repository) -> Tags:
    return Tags(Git(origin.path))


def _tag_object(origin: Repository, name: str, target: str, kind: str) -> str:
    """A tag object that nothing points to yet."""
    text = f"object {target}\ntype {kind}\ntag {name}\ntagger Ada <ada@example.org> 1700000000 +0000\n\nwords\n"
    return origin.git("hash-object", "-t", "tag", "-w", "--stdin", given=text.encode())


def test_a_repository_without_tags_has_none(tags: Tags, origin: Repository) -> None:
    assert tags.all() == ()
    origin.commit({"a": "1"})
    assert tags.all() == ()


def test_every_kind_of_tag_that_leads_to_a_commit_counts_by_that_commit(tags: Tags, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    origin.git("tag", "light", commit)
    origin.git("tag", "--annotate", "--message", "words", "annotated", commit)
    inner = commit
    for depth in range(3):
        inner = _tag_object(origin, f"nested-{depth}", inner, "tag" if depth else "commit")
    origin.git("update-ref", "refs/tags/nested", inner)
    assert tags.all() == (Tag("annotated", commit), Tag("light", commit), Tag("nested", commit))


def test_tags_of_trees_and_files_count_for_nothing(tags: Tags, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    blob, tree = origin.blob(b"1"), origin.tree()
    origin.git("tag", "blob", blob)
    origin.git("tag", "tree", tree)
    origin.git("update-ref", "refs/tags/of-tree", _tag_object(origin, "of-tree", tree, "tree"))
    of_blob = _tag_object(origin, "of-blob", blob, "blob")
    origin.git("update-ref", "refs/tags/of-of-blob", _tag_object(origin, "of-of-blob", of_blob, "tag"))
    origin.git("tag", "commit", commit)
    assert tags.all() == (Tag("commit", commit),)


def test_packed_tags_count_like_loose_ones(tags: Tags, origin: Repository) -> None:
    first = origin.commit({"a": "1"})
    origin.git("tag", "--annotate", "--message", "words", "component/split/v1.0.0", first)
    origin.git("tag", "component/split/v1.1.0", first)
    loose = tags.all()
    origin.git("pack-refs", "--all")
    assert tags.all() is loose
    second = origin.commit({"a": "2"})
    origin.git("tag", "--force", "component/split/v1.1.0", second)  # loose once more, over the packed one
    assert tags.all() == (Tag("component/split/v1.0.0", first), Tag("component/split/v1.1.0", second))


@pytest.mark.parametrize(
    "name", ["ünïcode/v1.0.0", "a\u2028b", "a\x85b", "quo'te\"d", "a$(b)", "100%", "%(x)", "a,b@c"]
)
def test_a_tag_may_have_any_name_that_git_allows(tags: Tags, origin: Repository, name: str) -> None:
    commit = origin.commit({"a": "1"})
    other = origin.commit({"a": "2"})
    inner = _tag_object(origin, "x", _tag_object(origin, "x", other, "commit"), "tag")
    origin.git("tag", "0", commit)
    origin.git("update-ref", f"refs/tags/{name}", inner)
    assert set(tags.all()) == {Tag("0", commit), Tag(name, other)}


def test_a_tag_whose_name_is_no_text_hides_no_other(tags: Tags, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    origin.git("update-ref", "--stdin", given=b"create refs/tags/caf\xe9 " + commit.encode() + b"\n")
    origin.git("tag", "component/split/v1.0.0", commit)
    assert Tag("component/split/v1.0.0", commit) in tags.all()
    assert len(tags.all()) == 2


def test_what_did_not_change_is_the_very_same_value(tags: Tags, origin: Repository) -> None:
    origin.git("tag", "one", origin.commit({"a": "1"}))
    before = tags.all()
    origin.commit({"a": "2"})
    assert tags.all() is before
    origin.git("tag", "--force", "one", "main")
    moved = tags.all()
    assert moved == (Tag("one", origin.head()),)
    origin.git("tag", "--delete", "one")
    assert tags.all() == ()


def test_ids_are_those_at_the_paths_of_each_commit(tags: Tags, origin: Repository) -> None:
    first = origin.commit({"a/b": "1"})
    second = origin.commit({"a/b": "2", "with space": "3", "-dash": "4", ":(glob)*": "5", "ü\x85\u2028": "6"})
    asked = [
        (first, "a/b"),
        (second, "a/b"),
        (first, "a"),
        (second, ""),
        (second, "with space"),
        (second, "-dash"),
        (second, ":(glob)*"),
        (second, "ü\x85\u2028"),
    ]
    assert tags.ids_at(asked) == [
        origin.blob(b"1"),
        origin.blob(b"2"),
        origin.git("rev-parse", f"{first}:a"),
        origin.tree(second),
        *map(origin.blob, (b"3", b"4", b"5", b"6")),
    ]


@pytest.mark.parametrize(
    "path",
    [
        *("none", "a/none", "a/b/c", "a b", "a b missing", "no missing", "../a", "./a", "/a"),
        *("two\nlines", "\r", "a/b\r", "tab\t", "\u2028", "\udce9"),
    ],
)
def test_what_is_not_there_has_no_id_and_shifts_no_other(tags: Tags, origin: Repository, path: str) -> None:
    commit = origin.commit({"a/b": "1"})
    blob = origin.blob(b"1")
    assert tags.ids_at([(commit, "a/b"), (commit, path), (commit, "a/b")]) == [blob, None, blob]
    assert tags.ids_at([("0" * 40, "a/b"), (commit, "a/b")]) == [None, blob]
    assert tags.ids_at([(commit, path)]) == [None]


def test_nothing_asked_is_nothing_found(tags: Tags) -> None:
    assert tags.ids_at([]) == []


@settings(max_examples=25, deadline=None)
@given(asked=st.lists(st.sampled_from(["a", "a/b", "c", "", "x\ny", "\u2028"]), max_size=300))
def test_there_is_one_answer_for_each_question(
    asked: list[str], origin_of_two: tuple[Tags, str, dict[str, str]]
) -> None:
    tags, commit, ids = origin_of_two
    assert tags.ids_at([(commit, path) for path in asked]) == [ids.get(path) for path in asked]


@pytest.fixture(scope="module")
def origin_of_two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tags, str, dict[str, str]]:
    origin = Repository(tmp_path_factory.mktemp("tags") / "origin.git")
    commit = origin.commit({"a/b": "1", "c": "2"})
    ids = {path: origin.git("rev-parse", f"{commit}:{path}") for path in ("a", "a/b", "c", "")}
    return Tags(Git(origin.path)), commit, ids


def _paths(tags: Tags, commit: str, *paths: str) -> set[str]:
    """The files that are seen."""
    entries = tags.mount(commit, paths).entries
    return {path for path, entry in entries.items() if entry.kind is not EntryKind.TREE}


def test_a_folder_is_seen_with_all_below_it_and_a_file_alone(tags: Tags, origin: Repository) -> None:
    commit = origin.commit(FILES)
    split = {path for path in FILES if path.startswith("components/split/")}
    assert _paths(tags, commit, "components/split") == split
    assert _paths(tags, commit, "components/split/component.yaml") == {"components/split/component.yaml"}
    assert _paths(tags, commit, "components/split/src", "shared/run.py", "none") == {
        "components/split/src/run.py",
        "components/split/src/to",
        "shared/run.py",
    }
    assert _paths(tags, commit, "none") == set()
    assert _paths(tags, commit) == set()


def test_what_is_seen_has_its_ids_and_kinds_folders_included(tags: Tags, origin: Repository) -> None:
    commit = origin.commit(FILES)
    mount = tags.mount(commit, ["components/split/src"])
    assert mount.commit == commit
    assert mount.entries["components/split/src/run.py"] == Entry(origin.blob(b"print()"), EntryKind.FILE, True)
    assert mount.entries["components/split/src/to"].kind is EntryKind.LINK
    tree = origin.git("rev-parse", f"{commit}:components/split/src")
    assert mount.entries["components/split/src"] == Entry(tree, EntryKind.TREE)


def test_the_root_is_seen_whole(tags: Tags, origin: Repository) -> None:
    commit = origin.commit(FILES)
    assert _paths(tags, commit, "") == _paths(tags, commit, "shared", "") == FILES.keys()
    assert tags.mount(commit, [""]).tree == origin.tree(commit)


@pytest.mark.parametrize(
    "folder",
    [
        *(":(glob)*", ":(exclude)a", ":!a", ":", "[a]", "*", "?", "a b", "-r", "--", "#", "~"),
        *("ü", "\u2028", 'quo"ted', "back\\slash", "\n", "\r"),
    ],
)
def test_paths_are_taken_as_they_are(tags: Tags, origin: Repository, folder: str) -> None:
    commit = origin.commit({f"{folder}/f": "1", "a/f": "2", "b": "3", "f": "4"})
    assert _paths(tags, commit, folder) == {f"{folder}/f"}
    assert _paths(tags, commit, f"{folder}/f") == {f"{folder}/f"}
    assert _paths(tags, commit, folder, "b") == {f"{folder}/f", "b"}


def test_a_commit_that_is_not_there_is_told(tags: Tags, origin: Repository) -> None:
    origin.commit({"a": "1"})
    for paths in (["a"], [""]):
        with pytest.raises(SourceError):
            tags.mount("0" * 40, paths)


@pytest.fixture
def shallow(origin: Repository, tmp_path: Path) -> Iterator[tuple[Tags, str, str]]:
    """A clone of the newest commit alone, as CI checks out, with the commit of a tag that is not in it."""
    old = origin.commit({"a": "1"})
    origin.git("tag", "--annotate", "--message", "words", "v1", old)
    new = origin.commit({"a": "2"})
    origin.git("tag", "v2", new)
    clone = tmp_path / "clone"
    git("clone", "--quiet", "--depth=1", f"file://{origin.path}", str(clone))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    worktree = worktree_snapshot(clone, scratch)
    yield worktree.tags, old, new
    worktree.objects.close()


def test_of_a_clone_that_is_not_whole_the_tags_that_it_has_count(shallow: tuple[Tags, str, str]) -> None:
    tags, old, new = shallow
    assert tags.all() == (Tag("v2", new),)
    assert tags.ids_at([(old, "a"), (new, "b")]) == [None, None]
    assert _paths(tags, new, "a") == {"a"}
    with pytest.raises(SourceError):
        tags.mount(old, ["a"])


def test_a_work_tree_outside_of_git_has_no_tags(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "scratch").mkdir()
    worktree = worktree_snapshot(tmp_path / "folder", tmp_path / "scratch")
    assert worktree.tags.all() == ()
    worktree.objects.close()


def test_a_folder_below_the_top_of_a_work_tree_sees_the_whole_commit(tmp_path: Path) -> None:
    top = tmp_path / "top"
    git("init", "--quiet", str(top))
    (top / "below").mkdir()
    (top / "a").write_text("1")
    (top / "below" / "b").write_text("2")
    git("add", "--all", folder=top)
    git("commit", "--quiet", "-m", "A change", folder=top)
    commit = git("rev-parse", "HEAD", folder=top)
    git("tag", "v1", folder=top)
    (tmp_path / "scratch").mkdir()
    worktree = worktree_snapshot(top / "below", tmp_path / "scratch")
    assert worktree.tags.all() == (Tag("v1", commit),)
    assert _paths(worktree.tags, commit, "") == {"a", "below/b"}
    assert _paths(worktree.tags, commit, "below") == {"below/b"}
    worktree.objects.close()


def test_kept_tags_are_those_of_the_moment_and_nothing_else(tags: Tags, origin: Repository) -> None:
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    kept = Tags(Git(origin.path), "refs/applied")
    for name in ("v1", "gone", "path"):
        origin.git("tag", name, first)
    tags.keep_as("refs/applied")
    assert kept.all() == tags.all()
    origin.git("tag", "--force", "v1", second)
    assert Tag("v1", first) in kept.all()
    for name in ("gone", "path"):
        origin.git("tag", "--delete", name)
    origin.git("tag", "path/below", second)
    tags.keep_as("refs/applied")
    assert kept.all() == tags.all() == (Tag("path/below", second), Tag("v1", second))
