"""What is followed besides a branch: a tag, the highest tag within a range, one commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.mirror import Mirror

from .git_over_http import serving
from .git_repository import Repository


def _tag(origin: Repository, name: str, commit: str, *, annotated: bool = False) -> None:
    origin.git("tag", "--force", *(["--annotate", "--message", "a release"] if annotated else []), name, commit)


def _seen(mirror: Mirror) -> str | None:
    """The revision that is followed at the moment."""
    commit = mirror.fetch()
    return mirror.snapshot(commit).revision if commit else None


@pytest.mark.parametrize("annotated", [False, True])
def test_a_tag_is_followed_wherever_it_is_moved(origin: Repository, tmp_path: Path, annotated: bool) -> None:
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    mirror = Mirror(origin.url, "tag:live", tmp_path / "mirror.git")
    assert mirror.remote_head() is None
    for commit in (second, first):
        _tag(origin, "live", commit, annotated=annotated)
        assert _seen(mirror) == f"live@sha1:{commit}"
    origin.git("tag", "--delete", "live")
    assert mirror.remote_head() is None
    assert mirror.has(first)


def test_of_a_range_the_highest_tag_is_followed(origin: Repository, tmp_path: Path) -> None:
    commits = [origin.commit({"a": str(number)}) for number in range(5)]
    mirror = Mirror(origin.url, "semver:^1.0", tmp_path / "mirror.git")
    assert _seen(mirror) is None
    for tag, commit, revision in (
        ("v0.9.0", commits[0], None),
        ("v1.0.0", commits[0], f"v1.0.0@sha1:{commits[0]}"),
        ("1.2.0", commits[1], f"1.2.0@sha1:{commits[1]}"),
        ("v1.1.0", commits[2], f"1.2.0@sha1:{commits[1]}"),
        ("v1.10.0", commits[3], f"v1.10.0@sha1:{commits[3]}"),
        ("v1.11.0-rc.1", commits[4], f"v1.10.0@sha1:{commits[3]}"),
        ("v2.0.0", commits[4], f"v1.10.0@sha1:{commits[3]}"),
        ("component/split/v1.99.0", commits[4], f"v1.10.0@sha1:{commits[3]}"),
    ):
        _tag(origin, tag, commit, annotated=True)
        assert _seen(mirror) == revision, tag


def test_a_tag_of_a_range_that_is_taken_away_gives_way_to_the_one_below(origin: Repository, tmp_path: Path) -> None:
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    mirror = Mirror(origin.url, "semver:*", tmp_path / "mirror.git")
    _tag(origin, "v1.0.0", first)
    _tag(origin, "v1.1.0", second)
    assert _seen(mirror) == f"v1.1.0@sha1:{second}"
    mirror.keep(second)
    origin.git("tag", "--delete", "v1.1.0")
    assert _seen(mirror) == f"v1.0.0@sha1:{first}"
    assert mirror.snapshot(second).revision == f"v1.1.0@sha1:{second}"  # as it was applied


def test_a_commit_is_followed_for_ever(origin: Repository, tmp_path: Path) -> None:
    first = origin.commit({"a": "1"})
    mirror = Mirror(origin.url, f"commit:{first}", tmp_path / "mirror.git")
    assert _seen(mirror) == f"sha1:{first}"
    origin.commit({"a": "2"}, rewrites=True)
    assert _seen(mirror) == f"sha1:{first}"
    assert Mirror(origin.url, f"commit:{first}", tmp_path / "another.git").fetch() == first


def test_a_commit_is_found_on_any_branch_of_a_server(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    wanted = origin.commit({"a": "2"}, branch="other")
    origin.commit({"a": "3"}, branch="other")
    with serving(tmp_path) as host:
        mirror = Mirror(f"http://{host}/origin.git", f"commit:{wanted}", tmp_path / "mirror.git")
        assert _seen(mirror) == f"sha1:{wanted}"


def test_a_commit_that_is_nowhere_is_an_error_that_names_it(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    with pytest.raises(SourceError, match="has no commit 1111111") as raised:
        Mirror(origin.url, f"commit:{'1' * 40}", tmp_path / "mirror.git").fetch()
    assert raised.value.hint


def test_the_tags_of_releases_are_there_whatever_is_followed(origin: Repository, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"})
    _tag(origin, "component/split/v1.0.0", commit)
    for followed in ("main", "tag:component/split/v1.0.0", f"commit:{commit}"):
        mirror = Mirror(origin.url, followed, tmp_path / f"{followed[:3]}.git")
        mirror.fetch()
        assert [tag.name for tag in mirror.tags.all()] == ["component/split/v1.0.0"]
        assert not mirror.has_other_tags


def test_a_remote_that_nobody_waits_for_any_more_holds_nobody_up(tmp_path: Path) -> None:
    mirror = Mirror("http://127.0.0.1:9/a.git", "main", tmp_path / "mirror.git")
    mirror.abandon()
    with pytest.raises(SourceError):
        mirror.remote_head()
