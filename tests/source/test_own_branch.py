"""A branch of a remote that the daemon writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.edited_trees import Author, commit_edits
from reconciler.source.mirror import Mirror
from reconciler.source.own_branch import OwnBranch
from tests.daemon.origin import Origin

BOT = Author("reconciler", "reconciler@localhost")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "git")
    origin.push({"a.yaml": "a: 1\n"})
    return origin


@pytest.fixture
def mirror(origin: Origin, tmp_path: Path) -> Mirror:
    mirror = Mirror(str(origin.url), "main", tmp_path / "mirror.git")
    mirror.fetch()
    return mirror


def _edited(origin: Origin, mirror: Mirror, content: bytes) -> str:
    mirror.fetch()
    return commit_edits(mirror.git, origin.git("rev-parse", "HEAD"), {"a.yaml": content}, "Edit", BOT)


def _there(origin: Origin) -> str:
    return origin.git("ls-remote", "origin", "refs/heads/bot/edits").partition("\t")[0]


def test_it_is_made_moved_and_left_where_it_is_right(origin: Origin, mirror: Mirror) -> None:
    branch = OwnBranch(mirror, "bot/edits")
    first, second = _edited(origin, mirror, b"a: 2\n"), _edited(origin, mirror, b"a: 3\n")
    assert [branch.bring(commit, BOT) for commit in (first, first, second, second)] == [True, False, True, False]
    assert _there(origin) == second


def test_a_branch_of_a_similar_name_is_another_one(origin: Origin, mirror: Mirror) -> None:
    origin.git("push", "-q", "origin", "HEAD:refs/heads/other/refs/heads/bot/edits")
    commit = _edited(origin, mirror, b"a: 2\n")
    assert OwnBranch(mirror, "bot/edits").bring(commit, BOT)
    assert _there(origin) == commit


def test_a_commit_of_somebody_else_stays(origin: Origin, mirror: Mirror) -> None:
    origin.git("push", "-q", "origin", "HEAD:bot/edits")
    before = _there(origin)
    with pytest.raises(SourceError, match="holds a commit of somebody else"):
        OwnBranch(mirror, "bot/edits").bring(_edited(origin, mirror, b"a: 2\n"), BOT)
    assert _there(origin) == before


def test_a_name_that_git_does_not_take_is_told(origin: Origin, mirror: Mirror) -> None:
    origin.git("push", "-q", "origin", "HEAD:bot")
    with pytest.raises(SourceError, match="the remote refused `bot/edits`") as raised:
        OwnBranch(mirror, "bot/edits").bring(_edited(origin, mirror, b"a: 2\n"), BOT)
    assert raised.value.hint


def test_a_remote_that_is_away_is_told(origin: Origin, mirror: Mirror) -> None:
    commit = _edited(origin, mirror, b"a: 2\n")
    origin.url.rename(origin.url.with_name("gone"))
    with pytest.raises(SourceError) as raised:
        OwnBranch(mirror, "bot/edits").bring(commit, BOT)
    assert raised.value.place == str(origin.url)


def test_credentials_are_told_to_nobody(tmp_path: Path) -> None:
    mirror = Mirror("http://ada:s3cret@127.0.0.1:9/r.git", "main", tmp_path / "mirror.git", timeout_seconds=20)
    mirror.git.run("init", "--quiet", "--bare", str(tmp_path / "mirror.git"))
    with pytest.raises(SourceError) as raised:
        OwnBranch(mirror, "bot/edits").bring("0" * 40, BOT)
    assert "s3cret" not in str(raised.value)


def test_hooks_of_the_user_are_not_run(origin: Origin, mirror: Mirror, tmp_path: Path) -> None:
    assert mirror.git.git_dir is not None
    hook = mirror.git.git_dir / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert OwnBranch(mirror, "bot/edits").bring(_edited(origin, mirror, b"a: 2\n"), BOT)
