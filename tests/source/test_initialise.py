"""A new repository with a bare origin beside it, ready for the first push."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import UsageError
from reconciler.source.initialise import create_repository

from .git_repository import git


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "pipelines").mkdir(parents=True)
    (folder / "pipelines" / "a.yaml").write_text("1")
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "a.log").write_text("1")
    return folder


def test_all_files_are_committed_and_the_first_push_needs_no_arguments(folder: Path, tmp_path: Path) -> None:
    create_repository(folder, tmp_path / "origin.git", message="Loans")
    assert git("log", "--format=%s", folder=folder) == "Loans"
    assert git("ls-files", folder=folder).split() == [".gitignore", "pipelines/a.yaml"]
    assert git("status", "--porcelain", folder=folder) == ""
    assert git("for-each-ref", folder=tmp_path / "origin.git") == ""
    git("push", "--quiet", folder=folder)
    assert git("rev-parse", "main", folder=tmp_path / "origin.git") == git("rev-parse", "HEAD", folder=folder)


def test_the_branch_is_the_one_asked_for_whatever_the_users_default_is(
    folder: Path, tmp_path: Path, user_settings: Path
) -> None:
    user_settings.write_text(user_settings.read_text() + "[init]\n\tdefaultBranch = trunk\n")
    create_repository(folder, tmp_path / "origin.git", branch="release")
    for place in (folder, tmp_path / "origin.git"):
        assert git("symbolic-ref", "HEAD", folder=place) == "refs/heads/release"


def test_the_users_identity_signs_the_commit(folder: Path, tmp_path: Path) -> None:
    create_repository(folder, tmp_path / "origin.git")
    assert git("log", "--format=%an <%ae>", folder=folder) == "Ada Lovelace <ada@example.org>"


def test_an_identity_of_the_environment_counts_as_well(
    folder: Path, tmp_path: Path, user_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_settings.unlink()
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Zoë")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "zoe@example.org")
    create_repository(folder, tmp_path / "origin.git")
    assert git("log", "--format=%an <%ae>", folder=folder) == "Zoë <zoe@example.org>"


def test_without_an_identity_the_program_signs_and_later_commits_work_too(
    folder: Path, tmp_path: Path, user_settings: Path
) -> None:
    user_settings.unlink()
    create_repository(folder, tmp_path / "origin.git")
    git("commit", "--quiet", "--allow-empty", "-m", "Later", folder=folder)
    assert git("log", "--format=%an <%ae>", folder=folder).splitlines() == ["reconciler <reconciler@localhost>"] * 2


@pytest.mark.parametrize("existing", ["work/.git", "origin.git"])
def test_a_repository_that_exists_is_not_touched(folder: Path, tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).mkdir()
    with pytest.raises(UsageError) as refused:
        create_repository(folder, tmp_path / "origin.git")
    assert refused.value.place == str(tmp_path / existing)
    assert refused.value.hint == "choose a new folder"
    assert list((tmp_path / existing).iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"work", "origin.git"}


def test_a_hook_that_starts_it_does_not_get_the_files_into_its_own_repository(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "--quiet", str(tmp_path / "hooked"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "hooked" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "hooked" / ".git" / "index"))
    create_repository(folder, tmp_path / "origin.git")
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert git("ls-files", folder=tmp_path / "hooked") == ""
    assert git("ls-files", folder=folder).split() == [".gitignore", "pipelines/a.yaml"]
