"""Tags as releases by kind and name, followed from one listing to the next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.desired import Desired, Settings
from reconciler.model.manifests import Kind
from reconciler.model.releases import NAME_VERSION, RELEASED_KINDS, Release, Tag, TagPattern
from reconciler.registry.releases import Releases
from tests.manifests.documents import component, data, environment
from tests.planning.history import desired_of

ONE, TWO = "1" * 40, "2" * 40
PLAIN = desired_of({})
GTO = Settings(tags=TagPattern(NAME_VERSION))


def _gto(files: dict[str, dict[str, object]]) -> Desired:
    return replace(desired_of(files), settings=GTO)


def _versions(releases: tuple[Release, ...]) -> list[str]:
    return [release.version for release in releases]


def test_releases_stand_by_kind_and_name_in_the_order_of_their_versions() -> None:
    names = (
        "v1",
        "data/split/v1.0.0",
        *(f"component/split/v{each}" for each in ("1.10.0", "1.9.0", "2.0.0-rc.1", "2")),
    )
    grouped = Releases().of(tuple(Tag(name, ONE) for name in names), PLAIN)
    assert grouped.keys() == {(Kind.COMPONENT, "split"), (Kind.DATA, "split")}
    assert _versions(grouped[Kind.COMPONENT, "split"]) == ["1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"]
    assert grouped[Kind.DATA, "split"] == (Release(Kind.DATA, "split", "1.0.0", "data/split/v1.0.0", ONE),)


def test_without_a_tag_of_the_pattern_there_is_none() -> None:
    assert Releases().of((), PLAIN) == {}
    assert Releases().of((Tag("v1.0.0", ONE), Tag("split@v1.0.0", ONE)), PLAIN) == {}


def test_a_tag_that_says_no_kind_is_of_the_kinds_that_have_its_name() -> None:
    tags = Tag("loans@v1.0.0", ONE), Tag("sklearn@v1.0.0", ONE), Tag("split@v1.0.0", ONE)
    files = {"a.yaml": component(), "b.yaml": environment(), "c.yaml": data(), "d.yaml": component(name="loans")}
    grouped = Releases().of(tags, _gto(files))
    assert grouped.keys() == {
        (Kind.COMPONENT, "split"),
        (Kind.ENVIRONMENT, "sklearn"),
        (Kind.DATA, "loans"),
        (Kind.COMPONENT, "loans"),
    }
    assert all(release.kind is kind for (kind, _), releases in grouped.items() for release in releases)


def test_a_name_that_the_revision_does_not_hold_any_more_may_be_of_any_kind() -> None:
    grouped = Releases().of((Tag("split@v1.0.0", ONE),), _gto({}))
    assert grouped.keys() == {(kind, "split") for kind in RELEASED_KINDS}


def test_where_nothing_changed_it_is_the_very_same_value() -> None:
    releases = Releases()
    tags = (Tag("component/split/v1.0.0", ONE), Tag("v1", ONE))
    before = releases.of(tags, PLAIN)
    assert releases.of(tags, PLAIN) is before
    assert releases.of((*tags,), desired_of({"a.yaml": component()})) is before
    assert releases.of((tags[0], Tag("v1", TWO), Tag("v2", ONE)), PLAIN) is before
    assert releases.of(tags[:1], PLAIN) is before


def test_what_did_not_change_of_a_name_is_the_very_same_value() -> None:
    releases = Releases()
    tags = Tag("component/split/v1.0.0", ONE), Tag("data/loans/v1.0.0", ONE)
    before = releases.of(tags, PLAIN)
    now = releases.of((*tags, Tag("component/split/v1.1.0", TWO)), PLAIN)
    assert _versions(now[Kind.COMPONENT, "split"]) == ["1.0.0", "1.1.0"]
    assert now[Kind.DATA, "loans"] is before[Kind.DATA, "loans"]
    assert before.keys() == now.keys()
    assert _versions(before[Kind.COMPONENT, "split"]) == ["1.0.0"]


NAMES = [
    *(
        f"{kind}/{name}/v{version}"
        for kind in ("component", "data")
        for name in "ab"
        for version in ("1.0.0", "2", "2.0")
    ),
    *(f"{name}@v{version}" for name in "ab" for version in ("1.0.0", "1.0.0-rc.1")),
    "v1",
]
LISTINGS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([ONE, TWO])).map(
    lambda led: tuple(Tag(name, commit) for name, commit in sorted(led.items()))
)
STATES = st.sampled_from(
    [
        PLAIN,
        desired_of({"a.yaml": component(name="a")}),
        _gto({}),
        _gto({"a.yaml": component(name="a")}),
        _gto({"a.yaml": component(name="a"), "b.yaml": data(name="a"), "c.yaml": environment(name="b")}),
    ]
)


@given(st.lists(st.tuples(LISTINGS, STATES), min_size=1, max_size=6))
def test_following_listings_is_grouping_the_last_one_afresh(listings: list[tuple[tuple[Tag, ...], Desired]]) -> None:
    followed = Releases()
    for tags, desired in listings:
        assert followed.of(tags, desired) == Releases().of(tags, desired)


@pytest.mark.parametrize(
    "spelled", [("component/a/v2", "component/a/v2.0"), ("component/a/v2.0", "component/a/v2.0.0")]
)
def test_two_tags_of_one_version_stand_in_an_order_that_never_changes(spelled: tuple[str, str]) -> None:
    tags = tuple(Tag(name, ONE) for name in spelled)
    for listed in (tags, tags[::-1]):
        [releases] = Releases().of(listed, PLAIN).values()
        assert [release.tag for release in releases] == list(spelled)
