"""What references are written as once they are upgraded."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.upgrades import caret_of, is_higher, moved, raised
from reconciler.model.versions import highest_fitting, parse_range, parse_version

RAISED = {
    ("^1.2", "1.4.1"): "^1.4.1",
    ("~1.2", "1.2.5"): "~1.2.5",
    ("~>1.2", "1.2.5"): "~>1.2.5",
    ("^1", "1.4.1"): "^1.4.1",
    ("^1.x", "1.4.1"): "^1.4.1",
    ("^ v1.2", "1.4.1"): "^ v1.4.1",
    ("1.2.0", "1.4.1"): "1.4.1",
    ("v1.2.0", "1.4.1"): "v1.4.1",
    ("=1.2.0", "1.4.1"): "=1.4.1",
    ("1.5.0-rc.1", "1.5.0"): "1.5.0",
    ("^1.5.0-rc.1", "1.5.0-rc.2"): "^1.5.0-rc.2",
    # stays as it is:
    ("^1.4.1", "1.4.1"): None,
    ("^1.4", "1.4.0"): None,
    ("1.4.1", "1.4.1"): None,
    ("~1", "1.4.1"): None,
    ("^0", "0.3.1"): None,
    ("1.x", "1.4.1"): None,
    ("1.2", "1.2.5"): None,
    ("3", "3.1.0"): None,
    ("*", "1.4.1"): None,
    ("^*", "1.4.1"): None,
    (">=1,<3", "2.0.0"): None,
    (">=1 <3", "2.0.0"): None,
    ("^1.2 <1.9", "1.4.1"): None,
    ("^1.2 || ^2", "2.1.0"): None,
    ("1.2.0 - 1.6.0", "1.4.1"): None,
    ("latest", "1.4.1"): None,
    ("stable", "1.4.1"): None,
}
MOVED = {
    "^1.2": "^2.0.0",
    "~1.2": "~2.0.0",
    "1.2.0": "2.0.0",
    "v1.2.0": "v2.0.0",
    "=1.2.0": "=2.0.0",
    "1.x": "^2.0.0",
    "3": "^2.0.0",
    ">=1,<2": "^2.0.0",
    "1.0.0 - 1.4.0": "^2.0.0",
    "^1 || 1.2.0": "^2.0.0",
}
NUMBERS = st.integers(0, 4)
VERSIONS = st.builds("{}.{}.{}".format, NUMBERS, NUMBERS, NUMBERS)
WANTED = st.builds("{}{}".format, st.sampled_from(["", "^", "~"]), VERSIONS) | st.builds(
    "{}{}.{}".format, st.sampled_from(["^", "~"]), NUMBERS, NUMBERS
)


@pytest.mark.parametrize(("wanted", "version"), RAISED)
def test_the_lower_bound_is_raised_where_the_upper_stays(wanted: str, version: str) -> None:
    assert raised(wanted, version) == RAISED[wanted, version]


@pytest.mark.parametrize("wanted", MOVED)
def test_what_moves_on_keeps_its_operator_or_becomes_a_caret_range(wanted: str) -> None:
    assert moved(wanted, "2.0.0") == MOVED[wanted]


def test_an_exact_version_is_upgraded_in_its_caret_range() -> None:
    assert [caret_of(wanted) for wanted in ("1.2.0", "=1.2.0", "v0.2.1", "~1.2", "1.2", "latest")] == [
        *("^1.2.0", "^1.2.0", "^0.2.1", "~1.2", "1.2", "latest")
    ]


@given(WANTED, st.frozensets(VERSIONS, min_size=1))
def test_a_raised_range_chooses_what_the_old_one_chose_and_nothing_more(wanted: str, versions: frozenset[str]) -> None:
    best = highest_fitting(caret_of(wanted), versions)
    assume(best is not None)
    written = raised(wanted, str(best))
    assume(written is not None)
    assert highest_fitting(str(written), versions) == best
    allowed = [version for version in versions if parse_version(version) in parse_range(str(written))]
    assert all(parse_version(version) in parse_range(caret_of(wanted)) for version in allowed)
    assert raised(str(written), str(best)) is None


@given(WANTED, VERSIONS)
def test_what_moved_chooses_the_version_that_it_moved_to(wanted: str, version: str) -> None:
    assert highest_fitting(moved(wanted, version), frozenset([version])) == version


def test_any_version_is_higher_than_none() -> None:
    assert is_higher("1.0.0", None)
    assert not is_higher(None, None)
    assert not is_higher(None, "1.0.0")
    assert is_higher("1.10.0", "1.9.0")
    assert not is_higher("1.0.0-rc.1", "1.0.0")
