"""Ranges as node-semver documents them: what each stands for, and the versions in it and out of it.

Where it writes an upper bound as `<2.0.0-0`, that keeps out the pre-releases of 2.0.0 as well.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.versions import Version, highest_fitting, parse_range, parse_version, precedence


@pytest.mark.parametrize(
    ("text", "comparators", "inside", "outside"),
    [
        # Comparators, and lists and alternatives of them.
        (">=1.2.7", ">=1.2.7", "1.2.7 1.2.8 2.5.3 1.3.9", "1.2.6 1.1.0"),
        (">1", ">=2.0.0", "2.0.0 3.1.0", "1.0.1 1.1.0"),
        (">=1.2.7 <1.3.0", ">=1.2.7 <1.3.0", "1.2.7 1.2.8 1.2.99", "1.2.6 1.3.0 1.1.0"),
        ("1.2.7 || >=1.2.9 <2.0.0", "=1.2.7 || >=1.2.9 <2.0.0", "1.2.7 1.2.9 1.4.6", "1.2.8 2.0.0"),
        ("1.2 <1.2.9 || >2.0.0", ">=1.2.0 <1.3.0-0 <1.2.9 || >2.0.0", "1.2.8 2.0.1", "1.2.10 1.2.9 2.0.0"),
        ("1.2.3", "=1.2.3", "1.2.3 1.2.3+b7", "1.2.4 1.2.3-rc.1"),
        ("=1.2.3", "=1.2.3", "1.2.3", "1.2.4"),
        ("v1.2.3", "=1.2.3", "1.2.3", "1.2.4"),
        ("=v1.2.3", "=1.2.3", "1.2.3", "1.2.4"),
        ("1.2.3+b1", "=1.2.3", "1.2.3 1.2.3+b2", "1.2.4"),
        (">1.2", ">=1.3.0", "1.3.0", "1.2.9 1.3.0-rc.1"),
        (">=1.2", ">=1.2.0", "1.2.0", "1.1.9 1.2.0-rc.1"),
        ("<1.2", "<1.2.0-0", "1.1.9", "1.2.0 1.2.0-rc.1"),
        ("<1", "<1.0.0-0", "0.9.9", "1.0.0"),
        ("<=1.2", "<1.3.0-0", "1.2.9", "1.3.0"),
        ("<=1", "<2.0.0-0", "1.9.9", "2.0.0"),
        (">= 1.2.7  <\t1.3", ">=1.2.7 <1.3.0-0", "1.2.7", "1.3.0"),
        ("^ 1.2 || ~ 3", ">=1.2.0 <2.0.0-0 || >=3.0.0 <4.0.0-0", "1.9.0 3.9.0", "2.0.0 4.0.0"),
        ("^v1.2||~v3", ">=1.2.0 <2.0.0-0 || >=3.0.0 <4.0.0-0", "1.9.0 3.9.0", "2.0.0 4.0.0"),
        ("<0.0.0", "<0.0.0", "", "0.0.0"),
        (">*", "<0.0.0-0", "", "0.0.0 1.0.0 0.0.0-0"),
        ("<x", "<0.0.0-0", "", "0.0.0 1.0.0 0.0.0-0"),
        (">=*", "*", "0.0.0 1.0.0", "1.0.0-rc.1"),
        ("1.2.3 ||", "=1.2.3 || *", "1.2.3 4.5.6", "4.5.6-rc.1"),
        # Pre-releases.
        (">1.2.3-alpha.3", ">1.2.3-alpha.3", "1.2.3-alpha.7 3.4.5 1.2.3", "1.2.3-alpha.3 3.4.5-alpha.9"),
        (">=1.2.3-rc.2 <1.2.3", ">=1.2.3-rc.2 <1.2.3", "1.2.3-rc.2 1.2.3-rc.10", "1.2.3-rc.1 1.2.3"),
        (">=1.2.3-1 <2.0.0-rc.1", ">=1.2.3-1 <2.0.0-rc.1", "1.2.3-alpha 2.0.0-beta 1.9.9", "1.9.9-a 2.0.0-rc.1"),
        ("^1.2 || 2.0.0-rc.1", ">=1.2.0 <2.0.0-0 || =2.0.0-rc.1", "1.2.0 2.0.0-rc.1", "2.0.0-rc.2 1.3.0-rc.1"),
        # Hyphens.
        ("1.2.3 - 2.3.4", ">=1.2.3 <=2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5"),
        ("1.2 - 2.3.4", ">=1.2.0 <=2.3.4", "1.2.0 2.3.4", "1.1.9 2.3.5"),
        ("1.2.3 - 2.3", ">=1.2.3 <2.4.0-0", "1.2.3 2.3.99", "2.4.0 2.4.0-rc.1"),
        ("1.2.3 - 2", ">=1.2.3 <3.0.0-0", "1.2.3 2.99.99", "3.0.0 3.0.0-rc.1"),
        ("1.x - 2.x", ">=1.0.0 <3.0.0-0", "1.0.0 2.9.9", "0.9.9 3.0.0"),
        ("1.2.3 - *", ">=1.2.3", "1.2.3 9.9.9", "1.2.2"),
        ("* - 2", "<3.0.0-0", "0.0.0 2.9.9", "3.0.0"),
        ("1.2.3-rc.1 - 2.0.0 || 4", ">=1.2.3-rc.1 <=2.0.0 || >=4.0.0 <5.0.0-0", "1.2.3-rc.2 4.1.0", "1.2.4-rc.1 3.0.0"),
        # x, X and *, and numbers that are left out.
        ("*", "*", "0.0.0 9.9.9", "1.0.0-rc.1"),
        ("", "*", "0.0.0 9.9.9", "1.0.0-rc.1"),
        ("x", "*", "0.0.0 9.9.9", "1.0.0-rc.1"),
        ("1.x", ">=1.0.0 <2.0.0-0", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("1.X", ">=1.0.0 <2.0.0-0", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("1.2.x", ">=1.2.0 <1.3.0-0", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("1.2.*", ">=1.2.0 <1.3.0-0", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("1", ">=1.0.0 <2.0.0-0", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("1.x.x", ">=1.0.0 <2.0.0-0", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("1.2", ">=1.2.0 <1.3.0-0", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("1.2.x-rc.1", ">=1.2.0 <1.3.0-0", "1.2.0 1.2.9", "1.2.0-rc.1"),
        # Tildes.
        ("~1.2.3", ">=1.2.3 <1.3.0-0", "1.2.3 1.2.9", "1.2.2 1.3.0"),
        ("~1.2", ">=1.2.0 <1.3.0-0", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("~1", ">=1.0.0 <2.0.0-0", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("~0.2.3", ">=0.2.3 <0.3.0-0", "0.2.3 0.2.9", "0.2.2 0.3.0"),
        ("~0.2", ">=0.2.0 <0.3.0-0", "0.2.0 0.2.9", "0.1.9 0.3.0"),
        ("~0", ">=0.0.0 <1.0.0-0", "0.0.0 0.9.9", "1.0.0"),
        ("~1.2.3-beta.2", ">=1.2.3-beta.2 <1.3.0-0", "1.2.3-beta.4 1.2.3 1.2.4", "1.2.3-beta.1 1.2.4-beta.2"),
        ("~>1.2.3", ">=1.2.3 <1.3.0-0", "1.2.3 1.2.9", "1.3.0"),
        # Carets.
        ("^1.2.3", ">=1.2.3 <2.0.0-0", "1.2.3 1.9.9", "1.2.2 2.0.0 2.0.0-rc.1"),
        ("^0.2.3", ">=0.2.3 <0.3.0-0", "0.2.3 0.2.9", "0.2.2 0.3.0"),
        ("^0.0.3", ">=0.0.3 <0.0.4-0", "0.0.3", "0.0.2 0.0.4"),
        ("^0.0.0", ">=0.0.0 <0.0.1-0", "0.0.0", "0.0.1"),
        ("^1.2.3-beta.2", ">=1.2.3-beta.2 <2.0.0-0", "1.2.3-beta.4 1.2.3 1.9.0", "1.2.4-beta.2 1.2.3-beta.1"),
        ("^0.0.3-beta", ">=0.0.3-beta <0.0.4-0", "0.0.3-pr.2 0.0.3", "0.0.3-alpha 0.0.4 0.0.4-pr.2"),
        ("^1.2.x", ">=1.2.0 <2.0.0-0", "1.2.0 1.9.9", "1.1.9 2.0.0"),
        ("^0.0.x", ">=0.0.0 <0.1.0-0", "0.0.0 0.0.9", "0.1.0"),
        ("^0.0", ">=0.0.0 <0.1.0-0", "0.0.0 0.0.9", "0.1.0"),
        ("^1.x", ">=1.0.0 <2.0.0-0", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("^0.x", ">=0.0.0 <1.0.0-0", "0.0.0 0.9.9", "1.0.0"),
        ("^*", "*", "0.0.0 9.9.9", "1.0.0-rc.1"),
        # Beyond node-semver: commas, two signs of equality, and a short version before a pre-release.
        (">=1,<3", ">=1.0.0 <3.0.0-0", "1.0.0 2.9.9", "0.9.9 3.0.0"),
        (">= 1 , < 3", ">=1.0.0 <3.0.0-0", "1.0.0 2.9.9", "0.9.9 3.0.0"),
        ("==1.2.3", "=1.2.3", "1.2.3", "1.2.4"),
        ("1.2-rc.1", "=1.2.0-rc.1", "1.2.0-rc.1", "1.2.0 1.2.0-rc.2"),
        ("^1.2-rc.1", ">=1.2.0-rc.1 <2.0.0-0", "1.2.0-rc.2 1.9.9", "1.3.0-rc.1"),
    ],
)
def test_a_range_stands_for_comparators_and_holds_what_they_hold(
    text: str, comparators: str, inside: str, outside: str
) -> None:
    assert str(parse_range(text)) == comparators
    versions = frozenset([*inside.split(), *outside.split()])
    assert {version for version in versions if parse_version(version) in parse_range(text)} == {*inside.split()}
    assert {version for version in versions if is_held(comparators, parse_version(version))} == {*inside.split()}


def is_held(comparators: str, version: Version) -> bool:
    """Whether comparators hold a version: word for word as the documentation has it, however long it takes."""
    return any(_all_hold(alternative.split(), version) for alternative in comparators.split("||"))


def _all_hold(words: list[str], version: Version) -> bool:
    bounds = [
        (word.rstrip("0123456789.-abcdefghijklmnopqrstuvwxyz"), word.lstrip("<>=")) for word in words if word != "*"
    ]
    for operator, bound in bounds:
        order = version.compare(bound)
        if not {"=": order == 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[operator]:
            return False
    named = [Version.parse(bound) for _, bound in bounds]
    same = [
        each for each in named if (each.major, each.minor, each.patch) == (version.major, version.minor, version.patch)
    ]
    return version.prerelease is None or any(each.prerelease is not None for each in same)


NUMBERS = st.integers(0, 3)
PRE_RELEASES = st.sampled_from([None, None, None, "0", "alpha", "alpha.1", "beta.2", "rc.9", "rc.10", "1.x", "a-b"])
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, PRE_RELEASES)
RELEASES = st.builds(Version, NUMBERS, NUMBERS, NUMBERS)
PARTIALS = st.one_of(VERSIONS.map(str), st.from_regex(r"[0-3](\.([0-3]|x))?|[0-3]\.[0-3]\.[xX*]|\*", fullmatch=True))
SIMPLE = st.tuples(st.sampled_from(["", "^", "~", ">=", "<=", ">", "<", "="]), PARTIALS).map("".join)
LISTS = st.lists(SIMPLE, min_size=1, max_size=3).map(" ".join)
HYPHENS = st.tuples(PARTIALS, PARTIALS).map(" - ".join)
RANGES = st.lists(st.one_of(LISTS, LISTS, HYPHENS), min_size=1, max_size=3).map(" || ".join)


@given(RANGES, st.frozensets(VERSIONS.map(str), max_size=20))
def test_the_highest_that_fits_is_that_of_the_slow_reading(wanted: str, versions: frozenset[str]) -> None:
    comparators = str(parse_range(wanted))
    fitting = [version for version in versions if is_held(comparators, parse_version(version))]
    highest = highest_fitting(wanted, versions)
    assert (highest is None) == (fitting == [])
    if highest is not None:
        assert highest in fitting
        assert all(parse_version(other).compare(highest) <= 0 for other in fitting)


@given(VERSIONS, VERSIONS)
def test_versions_are_ordered_as_the_specification_orders_them(one: Version, other: Version) -> None:
    order = one.compare(other)
    assert (precedence(one) < precedence(other)) == (order < 0)
    assert (precedence(one) == precedence(other)) == (order == 0)


@given(RELEASES, RELEASES)
def test_a_caret_keeps_the_first_number_that_is_not_zero_and_a_tilde_the_minor(low: Version, version: Version) -> None:
    lows, numbers = low.to_tuple()[:3], version.to_tuple()[:3]
    first = next((index for index, number in enumerate(lows) if number), 2)
    assert (version in parse_range(f"^{low}")) == (numbers >= lows and numbers[: first + 1] == lows[: first + 1])
    assert (version in parse_range(f"~{low}")) == (numbers >= lows and numbers[:2] == lows[:2])


@given(RELEASES, RELEASES, st.integers(0, 3))
def test_what_is_left_out_or_an_x_stands_for_any_number(named: Version, version: Version, given: int) -> None:
    parts = [str(part) for part in named.to_tuple()[:given]]
    is_within = version.to_tuple()[:given] == named.to_tuple()[:given]
    assert (version in parse_range(".".join(parts))) == is_within
    assert (version in parse_range(".".join([*parts, "x", "x", "x"][:3]))) == is_within


@given(RELEASES, RELEASES, RELEASES, st.integers(1, 3))
def test_a_hyphen_includes_both_ends(low: Version, high: Version, version: Version, given: int) -> None:
    ends = ".".join(str(part) for part in high.to_tuple()[:given])
    is_within = low <= version and version.to_tuple()[:given] <= high.to_tuple()[:given]
    assert (version in parse_range(f"{low} - {ends}")) == is_within


@given(RANGES, RANGES, VERSIONS)
def test_alternatives_hold_what_one_of_them_holds(one: str, other: str, version: Version) -> None:
    either = version in parse_range(one) or version in parse_range(other)
    assert (version in parse_range(f"{one} || {other}")) == either


@given(st.text(alphabet="0123456789xX*.^~<>=|-+ ,vabc", max_size=20))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    try:
        parsed = parse_range(text)
    except ValueError as error:
        assert "is not a version or a range of versions" in str(error)
    else:
        assert str(parse_range(str(parsed))) == str(parsed)
