"""A followed branch: where it stands, what is fetched of it, and what is kept."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Commit, Entry, EntryKind
from reconciler.source.mirror import Mirror

from .git_repository import Executable, Link, Repository, git


def test_a_branch_that_does_not_exist_yet_has_no_head_and_nothing_is_fetched(
    mirror: Mirror, origin: Repository, tmp_path: Path
) -> None:
    assert mirror.remote_head() is None
    assert mirror.fetch() is None
    assert not (tmp_path / "mirror.git").exists()
    commit = origin.commit({"a": "1"})
    assert mirror.remote_head() == mirror.fetch() == commit


def test_only_the_followed_branch_counts(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    other = origin.commit({"a": "2"}, branch="main-2")
    assert mirror.remote_head() == mirror.fetch() == commit
    assert not mirror.has(other)


def test_a_branch_with_slashes_in_its_name_is_followed(origin: Repository, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"}, branch="team/models/next")
    mirror = Mirror(origin.url, "team/models/next", tmp_path / "mirror.git")
    assert mirror.remote_head() == mirror.fetch() == commit
    assert mirror.snapshot(commit).revision == f"team/models/next@sha1:{commit}"


def test_a_branch_that_was_rewritten_is_followed_to_where_it_is_now(mirror: Mirror, origin: Repository) -> None:
    first = origin.commit({"a": "1"})
    origin.commit({"a": "2"})
    mirror.fetch()
    rewritten = origin.commit({"a": "3"}, rewrites=True)
    assert mirror.remote_head() == mirror.fetch() == rewritten
    assert mirror.has(first)


def test_a_branch_that_was_deleted_has_no_head_but_what_it_held_is_kept(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    mirror.fetch()
    origin.git("update-ref", "-d", "refs/heads/main")
    assert mirror.remote_head() is None
    assert mirror.fetch() is None
    assert mirror.snapshot(commit).tree


def test_tags_come_with_the_branch_wherever_they_point(mirror: Mirror, origin: Repository) -> None:
    origin.commit({"a": "1"})
    elsewhere = origin.commit({"a": "2"}, branch="release")
    origin.git("tag", "component/split/v1.2.0", elsewhere)
    mirror.fetch()
    assert mirror.has(elsewhere)


def test_a_tag_that_was_moved_is_moved_here_too(mirror: Mirror, origin: Repository, tmp_path: Path) -> None:
    origin.git("tag", "data/loans/v1.0.0", origin.commit({"a": "1"}))
    mirror.fetch()
    moved = origin.commit({"a": "2"})
    origin.git("tag", "--force", "data/loans/v1.0.0", moved)
    mirror.fetch()
    assert git("rev-parse", "data/loans/v1.0.0", folder=tmp_path / "mirror.git") == moved


def _split(version: str) -> str:
    return f"component/split/v{version}"


def test_a_tag_that_came_moved_or_went_alone_is_noticed_without_a_commit(mirror: Mirror, origin: Repository) -> None:
    first = origin.commit({"a": "1"})
    head = origin.commit({"a": "2"})
    mirror.fetch()
    assert not mirror.has_other_tags
    for change, expected in (
        (("tag", _split("1.0.0"), first), (Tag(_split("1.0.0"), first),)),
        (("tag", "--force", _split("1.0.0"), head), (Tag(_split("1.0.0"), head),)),
        (("tag", "--annotate", "--force", "-m", "the same", _split("1.0.0"), head), (Tag(_split("1.0.0"), head),)),
        (("tag", "--delete", _split("1.0.0")), ()),
    ):
        origin.git(*change)
        assert mirror.remote_head() == head
        assert mirror.has_other_tags
        mirror.fetch(head)
        assert not mirror.has_other_tags
        assert mirror.tags.all() == expected
        assert mirror.remote_head() == head
        assert not mirror.has_other_tags


def test_a_new_process_has_other_tags_until_it_fetched(mirror: Mirror, origin: Repository, tmp_path: Path) -> None:
    origin.git("tag", _split("1.0.0"), origin.commit({"a": "1"}))
    mirror.fetch()
    next_one = Mirror(origin.url, "main", tmp_path / "mirror.git")
    assert next_one.tags.all() == mirror.tags.all()
    next_one.remote_head()
    assert next_one.has_other_tags
    next_one.fetch()
    assert not next_one.has_other_tags


def test_a_branch_of_the_remote_that_is_named_like_a_tag_is_none(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    mirror.fetch()
    origin.git("update-ref", "refs/heads/refs/tags/v1", commit)
    mirror.remote_head()
    assert not mirror.has_other_tags


def test_tags_that_went_are_let_go_of_and_may_make_place_for_folders_of_tags(
    mirror: Mirror, origin: Repository
) -> None:
    commit = origin.commit({"a": "1"})
    origin.git("tag", "component/split", commit)
    origin.git("tag", "data/loans/v1.0.0", commit)
    mirror.fetch()
    mirror.keep(commit)
    origin.git("tag", "--delete", "component/split", "data/loans/v1.0.0")
    origin.git("tag", _split("1.0.0"), commit)
    origin.git("tag", "data/loans", commit)
    mirror.fetch()
    mirror.keep(commit)
    assert mirror.tags.all() == (Tag(_split("1.0.0"), commit), Tag("data/loans", commit))
    assert mirror.applied.tags.all() == mirror.tags.all()


def test_what_a_tag_held_when_it_was_applied_is_kept_though_it_moved_or_went(
    mirror: Mirror, origin: Repository, tmp_path: Path
) -> None:
    released = origin.commit({"a": "1"}, branch="release")
    origin.git("tag", _split("1.0.0"), released)
    head = origin.commit({"a": "2"})
    mirror.fetch()
    mirror.keep(head)
    origin.git("tag", "--force", _split("1.0.0"), head)
    mirror.fetch()
    git("reflog", "expire", "--expire=now", "--all", folder=tmp_path / "mirror.git")
    git("gc", "--quiet", "--prune=now", folder=tmp_path / "mirror.git")
    assert mirror.tags.all() == (Tag(_split("1.0.0"), head),)
    assert mirror.applied.tags.all() == (Tag(_split("1.0.0"), released),)
    assert mirror.applied.tags.mount(released, ["a"]).entries["a"].oid == origin.blob(b"1")


def test_a_commit_that_is_kept_outlives_its_branch_and_the_removal_of_garbage(
    mirror: Mirror, origin: Repository, tmp_path: Path
) -> None:
    kept = origin.commit({"a": "1"})
    mirror.fetch()
    mirror.keep(kept)
    forgotten = origin.commit({"a": "2"}, rewrites=True)
    mirror.fetch()
    origin.commit({"a": "3"}, rewrites=True)
    mirror.fetch()
    git("gc", "--quiet", "--prune=now", folder=tmp_path / "mirror.git")
    assert mirror.has(kept)
    assert not mirror.has(forgotten)


def test_a_snapshot_lists_every_path_with_its_object(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a/run.sh": Executable(b"true"), "a/ü": "text", "link": Link("a/ü")})
    mirror.fetch()
    snapshot = mirror.snapshot(commit)
    assert snapshot.revision == f"main@sha1:{commit}"
    assert (snapshot.commit, snapshot.tree) == (commit, origin.tree(commit))
    assert snapshot.entries == {
        "a": Entry(origin.git("rev-parse", "main:a"), EntryKind.TREE),
        "a/run.sh": Entry(origin.git("rev-parse", "main:a/run.sh"), EntryKind.FILE, is_executable=True),
        "a/ü": Entry(origin.git("rev-parse", "main:a/ü"), EntryKind.FILE),
        "link": Entry(origin.git("rev-parse", "main:link"), EntryKind.LINK),
    }


def test_a_snapshot_of_a_commit_that_was_never_fetched_is_refused(mirror: Mirror, origin: Repository) -> None:
    origin.commit({"a": "1"})
    mirror.fetch()
    assert not mirror.has("0" * 40)
    with pytest.raises(SourceError):
        mirror.snapshot("0" * 40)


def test_objects_are_those_of_all_that_was_fetched(mirror: Mirror, origin: Repository) -> None:
    first = origin.commit({"a": "one"})
    origin.commit({"a": "two"})
    mirror.fetch()
    assert mirror.objects.read(mirror.snapshot(first).entries["a"].oid) == b"one"


def test_a_commit_says_who_made_it_when_and_why(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a": "1"}, message="Scale the features\n\nThey differ.\n", author="Zoë <zoe@example.org>")
    mirror.fetch()
    told = Commit(commit, "Zoë <zoe@example.org>", "2023-11-14T22:13:20Z", "Scale the features")
    assert mirror.commit(commit) == told


def test_what_a_killed_process_left_behind_does_not_stop_the_next(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    directory = tmp_path / "mirror.git"
    Mirror(origin.url, "main", directory).fetch()
    for lock in ("config.lock", "packed-refs.lock", "refs/heads/main.lock", "shallow.lock"):
        (directory / lock).touch()
    commit = origin.commit({"a": "2"})
    assert Mirror(origin.url, "main", directory).fetch() == commit


def test_a_mirror_that_is_no_repository_any_more_is_made_anew(origin: Repository, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"})
    directory = tmp_path / "mirror.git"
    Mirror(origin.url, "main", directory).fetch()
    (directory / "HEAD").unlink()
    assert Mirror(origin.url, "main", directory).fetch() == commit


def test_the_programs_that_a_repository_brings_along_are_not_run(
    mirror: Mirror, origin: Repository, tmp_path: Path
) -> None:
    origin.commit({"a": "1"})
    mirror.fetch()
    hook = tmp_path / "mirror.git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    hook.chmod(0o755)
    mirror.keep(origin.head())
    assert not (tmp_path / "was-run").exists()


def test_a_relative_path_means_the_folder_where_the_program_was_started(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit({"a": "1"})
    monkeypatch.chdir(tmp_path)
    mirror = Mirror("./origin.git", "main", tmp_path / "mirror.git")
    monkeypatch.chdir("/")
    assert mirror.fetch() == commit


def test_the_variables_of_a_hook_that_started_the_program_do_not_lead_it_astray(
    mirror: Mirror, origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit({"a": "1"})
    mirror.fetch()
    commit = origin.commit({"b": "1"})
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    assert mirror.fetch() == commit
    assert mirror.snapshot(commit).entries.keys() == {"b"}


def test_an_unchanged_branch_costs_one_question_and_no_mirror(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    mirror.fetch()
    subprocess.run(["rm", "-rf", str(origin.path / "objects")], check=True)
    (origin.path / "objects").mkdir()
    assert mirror.remote_head() == commit
