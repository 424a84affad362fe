"""The versions of a name that are settled, by having been applied or by a tag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.desired import Desired
from reconciler.model.manifests import Kind
from reconciler.model.plan import Actual, ReleasedVersion
from reconciler.model.versions import parse_version
from reconciler.planning.known_versions import KnownVersions, predecessor
from tests.manifests.documents import component

from .history import Content, desired_of

SPLIT = "components/split/component.yaml"
TAG = "component/split/v1.1.0"


def _applied(*versions: str) -> Actual:
    kept = [
        ReleasedVersion(Kind.COMPONENT, "split", each, f"digest {each}", "main@sha1:1", f"interface {each}", "words")
        for each in versions
    ]
    return Actual(versions={(each.kind, each.name, each.version): each for each in kept})


def _desired(version: str, *tags: str, **settings: Content) -> Desired:
    """A revision with a version of a component, others of it at tags; the one before it is read."""
    released = {f"component/split/v{each}": {SPLIT: component(version=each, command=each)} for each in tags}
    files: dict[str, Content] = {SPLIT: component(version=version), **settings}
    return desired_of(files, tags=released)


def _before(desired: Desired, actual: Actual, version: str) -> tuple[str, str] | None:
    known = KnownVersions(desired, actual, {}).before(Kind.COMPONENT, "split", version)
    return (known.version, known.held_by.partition(" at ")[0]) if known is not None else None


ORDER = ["1.0.0", "1.1.0-rc.1", "1.1.0-rc.2", "1.1.0", "1.1.4", "1.1.5", "2.0.0-0", "2.0.0", "10.0.0"]


@pytest.mark.parametrize(
    ("version", "before"),
    [
        ("0.9.0", None),
        ("1.0.0", None),
        ("1.1.0-rc.2", "1.0.0"),
        ("1.1.0", "1.0.0"),
        ("1.1.6", "1.1.5"),
        ("2.0.0", "1.1.5"),
        ("3.0.0", "2.0.0"),
        ("11.0.0", "10.0.0"),
    ],
)
def test_before_a_version_comes_the_highest_below_it_that_is_no_pre_release(version: str, before: str | None) -> None:
    assert predecessor(version, ORDER, str) == before
    assert predecessor(version, ORDER[::-1], str) == before


def test_a_pre_release_comes_before_where_there_is_nothing_else() -> None:
    assert predecessor("1.1.0", ["1.1.0-rc.2", "1.1.0-rc.10", "1.2.0"], str) == "1.1.0-rc.10"


@given(st.sets(st.sampled_from(ORDER)), st.sampled_from(ORDER))
def test_the_one_before_is_lower_and_none_stands_between(known: set[str], version: str) -> None:
    found = predecessor(version, known, str)
    lower = [each for each in known if parse_version(each) < parse_version(version)]
    assert (found is None) == (lower == [])
    if found is not None:
        alike = [each for each in lower if ("-" in each) == ("-" in found)]
        assert found in lower
        assert max(alike, key=parse_version) == found


def test_the_highest_of_what_was_applied_and_what_tags_hold_comes_before() -> None:
    desired = _desired("1.2.0", "1.1.0")
    assert _before(desired, Actual(), "1.2.0") == ("1.1.0", f"tag {TAG}")
    assert _before(desired, _applied("1.0.0"), "1.2.0") == ("1.1.0", f"tag {TAG}")
    assert _before(desired, _applied("1.1.9"), "1.2.0") == ("1.1.9", "main@sha1:1")
    assert _before(desired, _applied("1.1.0", "2.0.0"), "1.2.0") == ("1.1.0", "main@sha1:1")


def test_where_only_tags_count_what_was_applied_without_one_does_not() -> None:
    desired = _desired("1.2.0", "1.1.0", **{"reconciler.yaml": "registry: tags-only"})
    known = KnownVersions(desired, _applied("1.1.9", "1.2.0"), {})
    assert _before(desired, _applied("1.1.9"), "1.2.0") == ("1.1.0", f"tag {TAG}")
    assert list(known.same(Kind.COMPONENT, "split", "1.2.0")) == []
    assert known.exists(Kind.COMPONENT, "split", "1.2.0")


def test_the_same_version_is_known_from_both() -> None:
    desired = _desired("1.1.0", "1.1.0")
    known = list(
        KnownVersions(desired, _applied("1.1.0"), {f"{TAG}//{SPLIT}": "i"}).same(Kind.COMPONENT, "split", "1.1.0")
    )
    assert [each.interface for each in known] == ["interface 1.1.0", "i"]
    assert known[1].held_by == f"tag {TAG} at {desired.snapshot.mounts[TAG].commit[:12]}"
    assert known[0].digest != known[1].digest


def test_versions_of_other_kinds_and_names_are_not_known() -> None:
    known = KnownVersions(_desired("1.1.0", "1.1.0"), _applied("1.0.0"), {})
    for kind, name in ((Kind.DATA, "split"), (Kind.COMPONENT, "splits")):
        assert list(known.same(kind, name, "1.0.0")) == []
        assert known.before(kind, name, "2.0.0") is None
        assert not known.exists(kind, name, "1.0.0")
        assert not known.exists(kind, name, "1.1.0")


def test_a_version_exists_where_a_tag_holds_it_that_was_not_read() -> None:
    known = KnownVersions(_desired("1.3.0", "1.0.0", "1.1.0", "1.2.0"), Actual(), {})
    assert list(known.same(Kind.COMPONENT, "split", "1.0.0")) == []
    assert known.exists(Kind.COMPONENT, "split", "1.0.0")
