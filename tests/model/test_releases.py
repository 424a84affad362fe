"""Tags as releases: how they are written and read, and how a choice among them is explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.manifests import Kind
from reconciler.model.releases import (
    KIND_NAME_VERSION,
    NAME_VERSION,
    RELEASED_KINDS,
    BadPatternError,
    Release,
    Resolution,
    Skipped,
    Tag,
    TagPattern,
)

COMMIT = "c" * 40
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)
_NUMBERS = st.integers(0, 10**6)
_WORDS = st.sampled_from(["rc", "alpha", "x-y", "0a", "b2"]) | st.integers(0, 99).map(str)
_LABELS = st.lists(_WORDS, min_size=1, max_size=3).map(".".join)
VERSIONS = st.builds(
    lambda numbers, label, build: ".".join(map(str, numbers)) + (label and f"-{label}") + (build and f"+{build}"),
    st.tuples(_NUMBERS, _NUMBERS, _NUMBERS),
    _LABELS | st.just(""),
    _LABELS | st.just(""),
)
APART = [KIND_NAME_VERSION, NAME_VERSION, "releases/{kind}/{version}/{name}", "{name}={version}", "v{version}/{name}"]


@pytest.mark.parametrize(
    ("pattern", "tag", "release"),
    [
        (KIND_NAME_VERSION, "component/split/v1.2.0", (Kind.COMPONENT, "split", "1.2.0")),
        (KIND_NAME_VERSION, "environment/sklearn-1.5/v10.0.0", (Kind.ENVIRONMENT, "sklearn-1.5", "10.0.0")),
        (KIND_NAME_VERSION, "data/loans_2024/v2.0.0-rc.1", (Kind.DATA, "loans_2024", "2.0.0-rc.1")),
        (KIND_NAME_VERSION, "pipeline/lending.daily/v1.0.0+b.7", (Kind.PIPELINE, "lending.daily", "1.0.0+b.7")),
        (KIND_NAME_VERSION, "model/risk/v3", (Kind.MODEL, "risk", "3.0.0")),
        (KIND_NAME_VERSION, "component/split/v1.2", (Kind.COMPONENT, "split", "1.2.0")),
        (NAME_VERSION, "split@v1.2.0", (None, "split", "1.2.0")),
        (NAME_VERSION, "split@v1.2.0-rc.1", (None, "split", "1.2.0-rc.1")),
        ("{name}-v{version}", "train-v2-v1.0.0-rc.1", (None, "train-v2", "1.0.0-rc.1")),
        ("ml+{kind}_{name}/{version}", "ml+component_split/1.0.0", (Kind.COMPONENT, "split", "1.0.0")),
    ],
)
def test_a_tag_of_the_pattern_is_a_release(pattern: str, tag: str, release: tuple[Kind | None, str, str]) -> None:
    assert TagPattern(pattern).read(Tag(tag, COMMIT)) == Release(*release, tag=tag, commit=COMMIT)


@pytest.mark.parametrize(
    ("pattern", "tag"),
    [
        (KIND_NAME_VERSION, "v1.2.0"),
        (KIND_NAME_VERSION, "component/split/1.2.0"),
        (KIND_NAME_VERSION, "component/split/v"),
        (KIND_NAME_VERSION, "component/split/vnext"),
        (KIND_NAME_VERSION, "component/split/v1.2.0.4"),
        (KIND_NAME_VERSION, "component/split/v1.02.0"),
        (KIND_NAME_VERSION, "component/split/v1.2.0-"),
        (KIND_NAME_VERSION, "component/split/v1.2.0-rc..1"),
        (KIND_NAME_VERSION, "component/split/v1.2.0-rc.01"),
        (KIND_NAME_VERSION, "component/split/v1.2.0\n"),
        (KIND_NAME_VERSION, "component/split/v१.2.0"),
        (KIND_NAME_VERSION, "component/split/sub/v1.2.0"),
        (KIND_NAME_VERSION, "component/-split/v1.2.0"),
        (KIND_NAME_VERSION, "component/spl\udce9t/v1.2.0"),
        (KIND_NAME_VERSION, "component/split/v1.0.0-" + "a" * 300),
        (KIND_NAME_VERSION, "component/split/v" + "1" * 5000),
        (KIND_NAME_VERSION, "schedule/nightly/v1.2.0"),
        (KIND_NAME_VERSION, "Component/split/v1.2.0"),
        (KIND_NAME_VERSION, "ours/component/split/v1.2.0"),
        (NAME_VERSION, "component/split/v1.2.0"),
        (NAME_VERSION, "split@v1.2.0!"),
        (NAME_VERSION, "split#prod#3"),
        ("releases.{name}/{version}", "releasesxsplit/1.0.0"),
    ],
)
def test_a_tag_of_another_pattern_is_none(pattern: str, tag: str) -> None:
    assert TagPattern(pattern).read(Tag(tag, COMMIT)) is None


@given(st.sampled_from(APART), st.sampled_from(RELEASED_KINDS), NAMES, VERSIONS)
def test_what_is_written_is_read_back(pattern: str, kind: Kind, name: str, version: str) -> None:
    tags = TagPattern(pattern)
    tag = tags.write(kind, name, version)
    assert tags.read(Tag(tag, COMMIT)) == Release(kind if tags.has_kind else None, name, version, tag, COMMIT)


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_is_refused_with_a_reason(text: str) -> None:
    try:
        pattern = TagPattern(text)
    except BadPatternError as bad:
        assert str(bad)
    else:
        assert pattern.read(Tag(pattern.write(Kind.COMPONENT, "split", "1.2.0"), COMMIT)) is not None


@given(st.sampled_from(APART), st.text(max_size=60))
def test_any_name_of_a_tag_can_be_read(pattern: str, name: str) -> None:
    release = TagPattern(pattern).read(Tag(name, COMMIT))
    assert release is None or release.parsed is not None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "needs {name} and {version}"),
        ("v{version}", "needs {name} and {version}"),
        ("{kind}/{name}", "needs {name} and {version}"),
        ("{name}/{name}/{version}", "once each"),
        ("{kind}/{kind}/{name}/{version}", "once each"),
        ("{name}/{version}/{stage}", "no tag of Git"),
        ("{name}/{}/{version}", "no tag of Git"),
        ("{name} {version}", "no tag of Git"),
        ("{name}:{version}", "no tag of Git"),
        ("{name}~{version}", "no tag of Git"),
        ("{name}^{version}", "no tag of Git"),
        ("{name}/*/{version}", "no tag of Git"),
        ("{name}\\{version}", "no tag of Git"),
        ("{name}\x01{version}", "no tag of Git"),
        ("{name}..{version}", "no tag of Git"),
        ("{name}//{version}", "no tag of Git"),
        ("/{name}/{version}", "no tag of Git"),
        ("{name}/{version}/", "no tag of Git"),
        ("-{name}/{version}", "no tag of Git"),
        ("a/.{name}/{version}", "no tag of Git"),
        ("{name}/{version}.", "no tag of Git"),
        ("{name}/{version}.lock", "no tag of Git"),
        ("a.lock/{name}/{version}", "no tag of Git"),
        ("{name}@{{version}", "no tag of Git"),
        ("{name}{version}", "between two placeholders"),
        ("{kind}{name}/{version}", "between two placeholders"),
        ("{name}.{version}", "names and versions hold what stands between them"),
        ("{name}0{version}", "names and versions hold what stands between them"),
        ("{version}-{name}", "names and versions hold what stands between them"),
    ],
)
def test_a_pattern_that_no_tag_can_have_or_that_cannot_be_read_back_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(BadPatternError, match=why.replace("{", r"\{")):
        TagPattern(pattern)


def _resolution(*skipped: Skipped, version: str | None = "1.4.1") -> Resolution:
    return Resolution(Kind.COMPONENT, "split@^1.2", "split", version, "split.yaml", skipped=skipped)


def test_a_resolution_tells_the_higher_versions_from_the_nearest_on() -> None:
    skipped = Skipped("2.0.0", "outside the range"), Skipped("1.5.0-rc.1", "skipped: pre-release")
    explained = _resolution(*skipped).explained()
    assert explained == "split@^1.2 → 1.4.1 (1.5.0-rc.1 skipped: pre-release; 2.0.0 outside the range)"
    assert _resolution().explained() == "split@^1.2 → 1.4.1"


def test_of_many_higher_versions_those_nearest_to_the_chosen_one_are_told() -> None:
    skipped = [Skipped(f"{major}.0.0", "outside") for major in range(9, 1, -1)]
    told = "2.0.0 outside; 3.0.0 outside; 4.0.0 outside; 5.0.0 outside; 6.0.0 outside; 3 more above"
    assert _resolution(*skipped).explained() == f"split@^1.2 → 1.4.1 ({told})"


def test_a_manifest_without_a_version_is_told_as_such() -> None:
    assert _resolution(version=None).explained() == "split@^1.2 → the only one, without a version"
