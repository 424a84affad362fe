"""Uncommitted files: the same ids that a commit will give them, and not a trace in the user's repository."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.errors import SourceError
from reconciler.source.worktree import Worktree, worktree_snapshot

from .git_repository import Content, Executable, Link, Repository, git
from .trees import files


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A work tree with one commit of one file."""
    folder = tmp_path / "work"
    git("init", "--quiet", "--initial-branch=main", str(folder))
    (folder / "a").write_text("1")
    commit_all(folder)
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def commit_all(folder: Path) -> str:
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--allow-empty", "-m", "A change", folder=folder)
    return git("rev-parse", "HEAD", folder=folder)


def tree_of(folder: Path) -> str:
    return git("rev-parse", "HEAD^{tree}", folder=folder)


@settings(max_examples=15, deadline=None)
@given(contents=st.lists(files(submodules=False), min_size=2, max_size=2))
def test_uncommitted_files_have_the_tree_that_they_have_once_committed(contents: list[dict[str, Content]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve() / "work"
        git("init", "--quiet", str(top))
        _write(top, contents[0])
        commit_all(top)
        _write(top, contents[1])
        taken = _taken(top)
        outside = _taken(_moved_out_of_git(top))
        (top.parent / "hidden").rename(top / ".git")
        commit_all(top)
        assert taken.snapshot.tree == outside.snapshot.tree == tree_of(top)
        assert taken.snapshot.entries == outside.snapshot.entries


def test_what_is_as_committed_is_the_commit(top: Path, scratch: Path) -> None:
    head = git("rev-parse", "HEAD", folder=top)
    taken = worktree_snapshot(top, scratch)
    assert (taken.snapshot.revision, taken.snapshot.commit) == (f"main@sha1:{head}", head)
    assert (taken.base, taken.top, taken.prefix) == (head, top, "")


def test_what_is_not_committed_is_a_revision_named_by_its_tree(top: Path, scratch: Path) -> None:
    (top / "a").write_text("2")
    taken = worktree_snapshot(top, scratch)
    assert (taken.snapshot.revision, taken.snapshot.commit) == (f"worktree@sha1:{taken.snapshot.tree}", None)
    assert taken.base == git("rev-parse", "HEAD", folder=top)
    assert _contents(taken)["a"] == b"2"


def test_the_commit_can_be_asked_for_whatever_lies_on_disk(top: Path, scratch: Path) -> None:
    head, tree = git("rev-parse", "HEAD", "HEAD^{tree}", folder=top).split()
    (top / "a").write_text("2")
    (top / "untracked").write_text("mine")
    taken = worktree_snapshot(top, scratch, is_committed=True)
    assert (taken.snapshot.commit, taken.snapshot.tree) == (head, tree)
    assert "untracked" not in taken.snapshot.entries


def test_staged_and_new_and_deleted_files_count_as_they_lie_on_disk(top: Path, scratch: Path) -> None:
    (top / "staged").write_text("staged")
    git("add", "staged", folder=top)
    (top / "staged").write_text("and changed again")
    (top / "new").write_text("new")
    (top / "a").unlink()
    taken = worktree_snapshot(top, scratch)
    assert _contents(taken) == {"staged": b"and changed again", "new": b"new"}


def test_a_file_that_is_changed_in_the_moment_of_the_commit_counts_as_changed(top: Path, scratch: Path) -> None:
    git("config", "core.trustctime", "false", folder=top)
    moment = (1_700_000_000, 1_700_000_000)
    os.utime(top / "a", moment)
    commit_all(top)
    (top / "a").write_text("2")
    for file in (top / "a", top / ".git" / "index"):
        os.utime(file, moment)
    taken = worktree_snapshot(top, scratch)
    with taken.objects as objects:
        assert objects.read(taken.snapshot.entries["a"].oid) == b"2"


def test_ignored_files_are_left_out_unless_they_are_committed(top: Path, scratch: Path) -> None:
    (top / "a.log").write_text("committed before it was ignored")
    commit_all(top)
    (top / ".gitignore").write_text("*.log\nbuild/\n")
    (top / ".git" / "info" / "exclude").write_text("mine\n")
    for name in ("b.log", "build/c", "mine", "seen"):
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_text("1")
    (top / "a.log").write_text("changed")
    taken = worktree_snapshot(top, scratch)
    assert sorted(taken.snapshot.entries) == [".gitignore", "a", "a.log", "seen"]
    assert _contents(taken)["a.log"] == b"changed"


def test_nothing_in_the_repository_is_touched(top: Path, scratch: Path) -> None:
    (top / "staged").write_text("1")
    git("add", "staged", folder=top)
    (top / "new").write_text("content that the repository has never seen")
    (top / "a").write_text("2")
    before = _state(top)
    worktree_snapshot(top, scratch)
    assert _state(top) == before


def test_it_works_while_git_itself_is_at_work_and_in_the_midst_of_a_conflict(top: Path, scratch: Path) -> None:
    git("checkout", "--quiet", "-b", "theirs", folder=top)
    (top / "a").write_text("theirs")
    commit_all(top)
    git("checkout", "--quiet", "main", folder=top)
    (top / "a").write_text("ours")
    commit_all(top)
    with pytest.raises(AssertionError):
        git("merge", "--quiet", "theirs", folder=top)
    (top / ".git" / "index.lock").touch()
    taken = worktree_snapshot(top, scratch)
    assert b"<<<<<<< HEAD" in _contents(taken)["a"]


def test_a_folder_within_is_known_by_its_place_and_the_whole_repository_is_read(top: Path, scratch: Path) -> None:
    folder = top / "pipelines" / "loans"
    folder.mkdir(parents=True)
    (folder / "b").write_text("1")
    taken = worktree_snapshot(folder, scratch)
    assert (taken.top, taken.prefix) == (top, "pipelines/loans")
    assert {"a", "pipelines/loans/b"} <= taken.snapshot.entries.keys()


def test_before_the_first_commit_there_is_no_base(tmp_path: Path, scratch: Path) -> None:
    git("init", "--quiet", str(tmp_path / "new"))
    (tmp_path / "new" / "a").write_text("1")
    taken = worktree_snapshot(tmp_path / "new", scratch)
    assert taken.base is None
    assert list(taken.snapshot.entries) == ["a"]


def test_a_folder_in_no_repository_is_read_as_if_it_were_one(top: Path, scratch: Path) -> None:
    (top / ".gitignore").write_text("ignored\n")
    (top / "ignored").touch()
    tree = worktree_snapshot(top, scratch).snapshot.tree
    folder = _moved_out_of_git(top)
    taken = _taken(folder)
    assert (taken.snapshot.tree, taken.snapshot.revision) == (tree, f"worktree@sha1:{tree}")
    assert (taken.base, taken.top, taken.prefix) == (None, folder, "")
    assert not (folder / ".git").exists()


def test_a_linked_work_tree_is_read_with_the_objects_that_it_shares(top: Path, tmp_path: Path, scratch: Path) -> None:
    linked = tmp_path / "linked"
    git("worktree", "add", "--quiet", "-b", "linked", str(linked), folder=top)
    (linked / "b").write_text("2")
    taken = worktree_snapshot(linked, scratch)
    assert _contents(taken) == {"a": b"1", "b": b"2"}
    assert taken.base == git("rev-parse", "HEAD", folder=top)


def test_a_detached_head_and_a_shared_clone_are_read(origin: Repository, tmp_path: Path, scratch: Path) -> None:
    commit = origin.commit({"a": "1"})
    git("clone", "--quiet", "--shared", origin.url, str(tmp_path / "clone"))
    git("checkout", "--quiet", "--detach", folder=tmp_path / "clone")
    taken = worktree_snapshot(tmp_path / "clone", scratch)
    assert (taken.snapshot.revision, taken.snapshot.commit) == (f"HEAD@sha1:{commit}", commit)
    assert _contents(taken)["a"] == b"1"


def test_settings_that_hide_changes_from_git_do_not_hide_them_here(top: Path, scratch: Path) -> None:
    git("config", "core.fsmonitor", "false-monitor", folder=top)
    git("config", "core.splitIndex", "true", folder=top)
    (top / "b").write_text("1")
    commit_all(top)
    (top / "b").write_text("2")
    before = _state(top)
    taken = worktree_snapshot(top, scratch)
    assert _contents(taken)["b"] == b"2"
    assert _state(top) == before


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, scratch: Path) -> None:
    with pytest.raises(SourceError, match="the folder does not exist") as refused:
        worktree_snapshot(tmp_path / "none", scratch)
    assert refused.value.place == str(tmp_path / "none")


def test_a_repository_within_that_has_no_commit_is_named(top: Path, scratch: Path) -> None:
    git("init", "--quiet", str(top / "inner"))
    with pytest.raises(SourceError, match="adding files failed: 'inner/' does not have a commit checked out"):
        worktree_snapshot(top, scratch)


def _taken(folder: Path) -> Worktree:
    return worktree_snapshot(folder, Path(tempfile.mkdtemp(dir=folder.parent)))


def _contents(taken: Worktree) -> dict[str, bytes]:
    with taken.objects as objects:
        return {path: objects.read(entry.oid) for path, entry in taken.snapshot.entries.items()}


def _moved_out_of_git(top: Path) -> Path:
    (top / ".git").rename(top.parent / "hidden")
    return top


def _write(top: Path, content: dict[str, Content]) -> None:
    git("rm", "-rfq", "--ignore-unmatch", ".", folder=top)
    for path, wanted in content.items():
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        match wanted:
            case Link(to):
                target.symlink_to(to)
            case Executable(program):
                target.write_bytes(program)
                target.chmod(0o755)
            case bytes():
                target.write_bytes(wanted)


def _state(top: Path) -> dict[str, bytes]:
    """Every file of the repository's own folder."""
    return {str(path): path.read_bytes() for path in _below(top / ".git")}


def _below(folder: Path) -> Iterator[Path]:
    for name, _, names in os.walk(folder):
        yield from (Path(name) / each for each in names)
