"""Semantic versions and the ranges that npm's users know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.versions import (
    InvalidRangeError,
    Version,
    highest_fitting,
    is_label,
    parse_range,
    parse_version,
)

VERSIONS = st.builds(Version, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.2.3", "1.2.3"), ("3", "3.0.0"), ("1.2", "1.2.0"), ("v1.2.3", "1.2.3"), ("1.0.0-rc.1+b7", "1.0.0-rc.1+b7")],
)
def test_a_version_may_be_written_short_as_azure_does(text: str, version: str) -> None:
    assert str(parse_version(text)) == version


@pytest.mark.parametrize("text", ["", "latest", "1.2.3.4", "1..2", "01.2.3", "-1", "1.2.x", "1.0." + "9" * 300])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_version(text)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3"], ["1.2.4", "1.2.2"]),
        ("=1.2.3", ["1.2.3"], ["1.2.4"]),
        ("==1.2.3", ["1.2.3"], ["1.2.4"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9"]),
        ("1", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.9"]),
        ("1.x", ["1.0.0", "1.9.9"], ["2.0.0"]),
        ("1.x.3", ["1.0.0", "1.9.9"], ["2.0.0"]),
        ("^x.1", ["0.0.0", "9.9.9"], []),
        ("1.2.*", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("*", ["0.0.0", "9.9.9"], []),
        ("", ["0.0.0", "9.9.9"], []),
        ("^1.2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
        ("^1.2.3", ["1.2.3", "1.9.9"], ["1.2.2", "2.0.0"]),
        ("^1", ["1.0.0", "1.9.9"], ["2.0.0"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.1.0"]),
        ("^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
        ("^0", ["0.0.0", "0.9.9"], ["1.0.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.2.2", "1.3.0"]),
        ("~>1.2.3", ["1.2.3"], ["1.3.0"]),
        ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("~1", ["1.0.0", "1.9.9"], ["2.0.0"]),
        (">=1,<3", ["1.0.0", "2.9.9"], ["0.9.9", "3.0.0"]),
        (">=1.2.3 <1.3", ["1.2.3", "1.2.9"], ["1.3.0"]),
        ("> 1.2.3", ["1.2.4"], ["1.2.3"]),
        (">1", ["2.0.0"], ["1.9.9"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        ("<=1.2.3", ["1.2.3"], ["1.2.4"]),
        ("<=1.2", ["1.2.9"], ["1.3.0"]),
        ("<=1", ["1.9.9"], ["2.0.0"]),
        ("<1.2", ["1.1.9"], ["1.2.0"]),
        ("^1 || ^3", ["1.5.0", "3.1.0"], ["2.0.0"]),
        ("^1.2.3-rc.1", ["1.2.3-rc.2", "1.2.3", "1.3.0"], ["1.2.3-beta", "1.2.4-rc.1"]),
        ("^1.0", [], ["1.1.0-rc.1", "2.0.0-rc.1"]),
        (">=1.0.0", [], ["1.1.0-rc.1"]),
        ("1.0.0-rc.1", ["1.0.0-rc.1"], ["1.0.0", "1.0.0-rc.2"]),
    ],
)
def test_a_range_holds_the_versions_that_npm_puts_in_it(text: str, inside: list[str], outside: list[str]) -> None:
    versions = parse_range(text)
    assert [version for version in inside if parse_version(version) not in versions] == []
    assert [version for version in outside if parse_version(version) in versions] == []


@pytest.mark.parametrize(
    "text",
    [
        "latest",
        "^",
        ">= ",
        "1.2.3.4",
        "^1.a",
        "1 - 2 - 3",
        "!1",
        ">1 - 2",
        "1.2 - ",
        "1.2.3 - 2.3.4 <2",
        "01.2.3",
        "1.2.3-01",
        "1.x-rc.1",
        "1.",
        ".1",
        "v",
        "٣",
        "9" * 5000,
        "1.0.0-" + "9" * 5000,
        "1 || stable",
    ],
)
def test_what_is_no_range_is_refused_with_the_part_that_cannot_be_read(text: str) -> None:
    with pytest.raises(InvalidRangeError, match="is not a version or a range of versions"):
        parse_range(text)


@given(VERSIONS, st.lists(VERSIONS, max_size=12))
def test_the_highest_is_the_greatest_that_lies_in_the_range(low: Version, versions: list[Version]) -> None:
    wanted = parse_range(f"^{low}")
    highest = wanted.highest(versions)
    fitting = [version for version in versions if version in wanted]
    assert highest == max(fitting, default=None)
    assert all(low <= version and version.major == low.major for version in fitting)


@given(VERSIONS)
def test_each_kind_of_range_lies_within_the_wider_one(version: Version) -> None:
    exact, tilde, caret = (parse_range(f"{operator}{version}") for operator in ("", "~", "^"))
    later = version.bump_patch()
    assert version in exact
    assert version in tilde
    assert version in caret
    assert later in tilde
    assert later not in exact
    assert version.bump_major() not in caret
    assert version.bump_minor() not in tilde


@pytest.mark.parametrize(
    ("wanted", "versions", "highest"),
    [
        ("^1", ["1.0.0", "1.2.0", "2.0.0"], "1.2.0"),
        ("^3", ["1.0.0"], None),
        ("^3", [], None),
        ("3", ["1", "2", "3", "4"], "3"),
        ("^1", ["v1.2.0", "1.1"], "v1.2.0"),
        ("*", ["3", "3.0.0"], "3.0.0"),
        ("3", ["3", "3.0.0"], "3"),
        ("1.0.0", ["1.0.0+a", "1.0.0+b"], "1.0.0+b"),
        ("1.0.0+a", ["1.0.0+a", "1.0.0+b"], "1.0.0+a"),
    ],
)
def test_the_highest_that_fits_is_given_as_it_is_written(wanted: str, versions: list[str], highest: str | None) -> None:
    assert highest_fitting(wanted, frozenset(versions)) == highest


@pytest.mark.parametrize("wanted", ["stable", "production", "Prod-2.old_1", "vNext", "x-ray", "next"])
def test_a_word_is_a_label(wanted: str) -> None:
    assert is_label(wanted)


@pytest.mark.parametrize(
    "wanted", ["latest", "x", "X", "x.x", "v1", "v1.2.0", "v1beta", "1.2.0", "^1", "*", "", "a b", "-a"]
)
def test_a_version_a_range_or_latest_is_no_label(wanted: str) -> None:
    assert not is_label(wanted)
