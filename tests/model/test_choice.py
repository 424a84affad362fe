"""Which version a reference chooses, and what is said of the higher ones."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.choice import explain
from reconciler.model.references import LATEST
from reconciler.model.releases import Skipped
from reconciler.model.versions import InvalidRangeError, Version, highest_fitting, parse_version

OUTSIDE, PRE_RELEASE = "outside the range", "skipped: pre-release"


@pytest.mark.parametrize(
    ("wanted", "versions", "chosen", "skipped"),
    [
        ("^1.2", "1.2.0 1.4.1 1.5.0-rc.1 2.0.0", "1.4.1", [("2.0.0", OUTSIDE), ("1.5.0-rc.1", PRE_RELEASE)]),
        ("^1.2", "1.4.1 2.0.0-rc.1 1.3.0-rc.1", "1.4.1", [("2.0.0-rc.1", OUTSIDE)]),
        ("^1", "1.4.1 1.2.0", "1.4.1", []),
        ("1.2.0", "1.2.0 1.3.0", "1.2.0", [("1.3.0", OUTSIDE)]),
        ("^1.2.0-rc.1", "1.2.0-rc.2 1.2.0-rc.10 1.3.0-rc.1", "1.2.0-rc.10", [("1.3.0-rc.1", PRE_RELEASE)]),
        (
            "latest",
            "1.0.0 1.2.0 1.3.0-rc.1 1.3.0-rc.2",
            "1.2.0",
            [("1.3.0-rc.2", PRE_RELEASE), ("1.3.0-rc.1", PRE_RELEASE)],
        ),
        ("latest", "1.0.0-rc.1 1.0.0-rc.2", "1.0.0-rc.2", []),
        ("latest", "", None, []),
        ("^2", "1.0.0 2.1.0-rc.1 3.0.0", None, [("3.0.0", OUTSIDE), ("2.1.0-rc.1", PRE_RELEASE), ("1.0.0", OUTSIDE)]),
        ("^2", "", None, []),
        ("1", "3 1 2", "1", [("3", OUTSIDE), ("2", OUTSIDE)]),
        ("1.0.0", "1.0.0+a 1.0.0+b", "1.0.0+b", []),
    ],
)
def test_the_choice_is_explained_by_every_higher_version(
    wanted: str, versions: str, chosen: str | None, skipped: list[tuple[str, str]]
) -> None:
    expected = chosen, tuple(Skipped(version, why) for version, why in skipped)
    assert explain(wanted, versions.split()) == expected
    assert explain(wanted, versions.split()[::-1]) == expected


@pytest.mark.parametrize("wanted", ["stable", "^", "1.2.3.4"])
def test_what_is_no_range_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidRangeError, match="is not a version or a range of versions"):
        explain(wanted, ["1.0.0"])


NUMBERS = st.integers(0, 2)
VERSIONS = st.frozensets(
    st.builds(Version, NUMBERS, NUMBERS, NUMBERS, st.sampled_from([None, None, "rc.1"])).map(str), max_size=12
)


@given(st.sampled_from(["latest", "*", "^1", "~1.1", "<2", "^1.0.0-rc.1", "1.0.0", "0.x || 2.x"]), VERSIONS)
def test_what_is_skipped_is_exactly_what_is_higher(wanted: str, versions: frozenset[str]) -> None:
    chosen, skipped = explain(wanted, versions)
    told = [parse_version(each.version) for each in skipped]
    higher = [each for each in map(parse_version, versions) if chosen is None or each > parse_version(chosen)]
    assert told == sorted(higher, reverse=True)
    if wanted != LATEST:
        assert chosen == highest_fitting(wanted, versions)
    elif versions:
        assert chosen is not None
        assert parse_version(chosen).prerelease is None or not any("-" not in version for version in versions)


def test_a_thousand_versions_are_chosen_from_at_once_when_they_are_known() -> None:
    versions = [f"{major}.{minor}.{patch}" for major in range(10) for minor in range(10) for patch in range(10)]
    explain("^1.2", versions)
    seconds = []
    for _ in range(20):
        started = perf_counter()
        assert explain("^1.2", versions)[0] == "1.9.9"
        seconds.append(perf_counter() - started)
    assert min(seconds) < 0.001
