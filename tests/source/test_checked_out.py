"""Submodules of a work tree: as they stand where they are checked out, with the ids that a mirror gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.followed import Fetching
from reconciler.model.snapshot import EntryKind
from reconciler.source.mirror import Mirror
from reconciler.source.worktree import Worktree, worktree_snapshot

from .git_repository import Content, Repository, Submodule, git

ALLOWED = ("-c", "protocol.file.allow=always")


@pytest.fixture
def commit(origin: Repository, tmp_path: Path) -> str:
    """A commit with a submodule, which holds another one."""
    deep, library = Repository(tmp_path / "deep.git"), Repository(tmp_path / "library.git")
    inner: dict[str, Content] = {
        ".gitmodules": _listed("deep"),
        "deep": Submodule(deep.commit({"z": "1"})),
        "src/run.py": "print()",
    }
    return origin.commit({".gitmodules": _listed("library"), "library": Submodule(library.commit(inner)), "a": "1"})


@pytest.fixture
def work_tree(origin: Repository, commit: str, tmp_path: Path) -> Path:
    git("clone", "--quiet", origin.url, str(tmp_path / "work"))
    return tmp_path / "work"


def _listed(name: str) -> str:
    return f'[submodule "{name}"]\n\tpath = {name}\n\turl = ../{name}.git\n'


def _snapshot(work_tree: Path, name: str = "scratch", is_committed: bool = False) -> Worktree:
    scratch = work_tree.parent / name
    scratch.mkdir()
    return worktree_snapshot(work_tree, scratch, is_committed=is_committed)


def _check_out(work_tree: Path) -> None:
    git(*ALLOWED, "submodule", "--quiet", "update", "--init", "--recursive", folder=work_tree)


def test_one_that_is_not_checked_out_stays_a_link(work_tree: Path, commit: str) -> None:
    snapshot = _snapshot(work_tree).snapshot
    assert snapshot.entries["library"].kind is EntryKind.SUBMODULE
    assert snapshot.commit == commit


@pytest.mark.parametrize("is_committed", [False, True])
def test_one_that_is_checked_out_has_the_ids_that_a_mirror_gives_it(
    origin: Repository, work_tree: Path, commit: str, tmp_path: Path, is_committed: bool
) -> None:
    _check_out(work_tree)
    found = _snapshot(work_tree, is_committed=is_committed)
    mirror = Mirror(origin.url, "main", tmp_path / "mirror.git", fetching=Fetching(has_submodules=True))
    mirror.fetch()
    followed = mirror.snapshot(commit)
    mirror.close()
    assert (found.snapshot.tree, found.snapshot.commit) == (followed.tree, commit)
    assert found.snapshot.entries == followed.entries
    assert found.objects.read(found.snapshot.entries["library/deep/z"].oid) == b"1"
    found.objects.close()


def test_what_is_not_committed_in_one_counts(work_tree: Path) -> None:
    _check_out(work_tree)
    (work_tree / "library" / "src" / "run.py").write_text("print('anew')")
    found = _snapshot(work_tree)
    assert found.objects.read(found.snapshot.entries["library/src/run.py"].oid) == b"print('anew')"
    found.objects.close()
    committed = _snapshot(work_tree, "another", is_committed=True)
    assert committed.objects.read(committed.snapshot.entries["library/src/run.py"].oid) == b"print()"
    committed.objects.close()


def test_nothing_is_written_into_the_repositories(work_tree: Path) -> None:
    _check_out(work_tree)
    (work_tree / "library" / "new").write_text("new")
    before = {path: path.read_bytes() for path in (work_tree / ".git").rglob("*") if path.is_file()}
    _snapshot(work_tree).objects.close()
    assert {path: path.read_bytes() for path in (work_tree / ".git").rglob("*") if path.is_file()} == before
