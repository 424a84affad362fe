"""What of a repository is followed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.followed import Access, Followed, Way, version_of_tag

NAMES = st.text("abc/.-_019:", min_size=1)


@pytest.mark.parametrize(
    ("text", "followed", "told"),
    [
        ("main", Followed(Way.BRANCH, "main"), "branch `main`"),
        ("tag:v1", Followed(Way.TAG, "v1"), "tag `v1`"),
        ("semver:>=1 <2", Followed(Way.SEMVER, ">=1 <2"), "tag within `>=1 <2`"),
        ("commit:1a2b", Followed(Way.COMMIT, "1a2b"), "commit `1a2b`"),
    ],
)
def test_it_is_written_in_a_word_and_read_back(text: str, followed: Followed, told: str) -> None:
    assert Followed.parse(text) == followed
    assert str(followed) == text
    assert followed.told == told
    assert followed.branch == (text if followed.way is Way.BRANCH else "")


@given(st.sampled_from([Way.TAG, Way.SEMVER, Way.COMMIT]), NAMES)
def test_whatever_is_written_is_read_back(way: Way, name: str) -> None:
    assert Followed.parse(str(Followed(way, name))) == Followed(way, name)


@given(NAMES.filter(lambda name: ":" not in name))
def test_a_branch_is_never_taken_for_something_else(name: str) -> None:
    assert Followed.parse(name) == Followed(Way.BRANCH, name)


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ("*", "v2.0.0"),
        ("^1.2", "1.10.0"),
        ("~1.2.0", "v1.2.9"),
        (">=3.0.0-0", "v3.0.0-rc.1"),
        ("^3", None),
    ],
)
def test_of_a_range_the_highest_tag_counts_and_a_pre_release_where_it_is_asked_for(
    wanted: str, tag: str | None
) -> None:
    tags = ["v1.2.0", "v1.2.9", "1.10.0", "v2.0.0", "v3.0.0-rc.1", "component/split/v9.0.0", "v9", "vnext", "v1.2.x"]
    assert Followed(Way.SEMVER, wanted).tag_among(tags) == tag


def test_a_tag_counts_where_it_is_there() -> None:
    assert Followed(Way.TAG, "live").tag_among(["live", "v1.0.0"]) == "live"
    assert Followed(Way.TAG, "live").tag_among(["v1.0.0"]) is None
    assert Followed(Way.BRANCH, "live").tag_among(["live"]) is None


@given(st.lists(st.from_regex(r"v?\d{1,2}\.\d\.\d", fullmatch=True)))
def test_no_tag_within_the_range_is_higher_than_the_one_that_counts(tags: list[str]) -> None:
    chosen = Followed(Way.SEMVER, "*").tag_among(tags)
    versions = [version for tag in tags if (version := version_of_tag(tag)) is not None]
    assert (version_of_tag(chosen) if chosen else None) == max(versions, default=None)


def test_a_token_is_not_shown() -> None:
    assert "the-secret" not in repr(Access(token="the-secret"))
