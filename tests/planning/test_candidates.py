"""Which version of a name a reference chooses, of those in the revision and those that tags hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.manifests import Component, Kind
from reconciler.model.releases import KIND_NAME_VERSION, Release, Skipped, Tag, TagPattern
from reconciler.planning.candidates import ANONYMOUS, Candidates, NoneFitsError
from tests.manifests.documents import component

from .history import desired_of

COMMIT = "c" * 40
LABELS = {"stable": "1.1.0", "next": "^2.0.0-0", "none": "^7", "1st": "1.0.0"}


def _release(version: str) -> Release:
    release = TagPattern(KIND_NAME_VERSION).read(Tag(f"component/split/v{version}", COMMIT))
    assert release is not None
    return release


def _manifests(versions: str) -> list[Component]:
    """One for each version, `-` stands for none."""
    wanted = [None if version == "-" else version for version in versions.split()]
    files = {f"{at}.yaml": component(version=version or ...) for at, version in enumerate(wanted)}
    return desired_of(files).components


def _candidates(revision: str, tags: str, is_tags_only: bool = False) -> Candidates:
    releases = sorted(map(_release, tags.split()), key=lambda release: release.parsed)
    return Candidates(Kind.COMPONENT, "split", _manifests(revision), releases, is_tags_only, LABELS)


def _told(candidates: Candidates, wanted: str) -> str:
    """What is chosen: the version, `head` where the revision holds it, `tag` where a tag does."""
    chosen = candidates.choose(wanted)
    manifest, release = chosen.manifest, chosen.release
    version = release.version if release is not None else manifest and manifest.version
    assert manifest is None or manifest.version == version
    return " ".join([str(version or "-"), *(["head"] if manifest else []), *(["tag"] if release else [])])


CHOSEN = [
    # what the revision holds · tags · wanted · chosen
    ("", "1.0.0 1.1.0", "latest", "1.1.0 tag"),
    ("", "1.0.0 1.1.0", "1.0.0", "1.0.0 tag"),
    ("", "1.0.0 1.1.0 2.0.0", "^1", "1.1.0 tag"),
    ("1.1.0", "1.0.0", "latest", "1.1.0 head"),
    ("1.1.0", "1.0.0", "1.0.0", "1.0.0 tag"),
    ("1.1.0", "1.0.0 1.1.0", "^1.0", "1.1.0 head tag"),
    ("1.1.0", "1.0.0 1.2.0", "latest", "1.2.0 tag"),
    ("1.1.0", "1.0.0 1.2.0", "~1.1", "1.1.0 head"),
    ("1.1.0 2.0.0", "1.2.0", "1.x", "1.2.0 tag"),
    ("1.1.0 2.0.0", "", ">=1,<2", "1.1.0 head"),
    ("-", "", "latest", "- head"),
    ("-", "1.0.0", "latest", "1.0.0 tag"),
    ("-", "1.0.0", "^1", "1.0.0 tag"),
    ("- 1.1.0", "1.0.0", "latest", "1.1.0 head"),
    ("- 1.1.0", "1.0.0", ANONYMOUS, "- head"),
    # pre-releases only when asked
    ("", "1.0.0 1.1.0-rc.1", "latest", "1.0.0 tag"),
    ("1.1.0-rc.1", "1.0.0", "latest", "1.0.0 tag"),
    ("", "1.1.0-rc.1 1.1.0-rc.2", "latest", "1.1.0-rc.2 tag"),
    ("", "1.0.0 1.1.0-rc.1", "^1.0", "1.0.0 tag"),
    ("", "1.0.0 1.1.0-rc.1", "^1.1.0-0", "1.1.0-rc.1 tag"),
    ("", "1.0.0 1.1.0-rc.1", "1.1.0-rc.1", "1.1.0-rc.1 tag"),
    # labels
    ("1.2.0", "1.0.0 1.1.0", "stable", "1.1.0 tag"),
    ("2.0.0-rc.1", "1.1.0", "next", "2.0.0-rc.1 head"),
    # the first of several that are equal in all but build metadata, and the very one that is asked for
    ("", "1.0.0+a 1.0.0+b", "1.0.0+a", "1.0.0+a tag"),
    ("", "1.0.0+a 1.0.0+b", "1.0.0+b", "1.0.0+b tag"),
]


@pytest.mark.parametrize(("revision", "tags", "wanted", "chosen"), CHOSEN)
def test_the_highest_version_that_fits_is_chosen(revision: str, tags: str, wanted: str, chosen: str) -> None:
    assert _told(_candidates(revision, tags), wanted) == chosen


@pytest.mark.parametrize(
    ("revision", "tags", "wanted", "chosen"),
    [
        ("1.1.0", "1.0.0", "latest", "1.0.0 tag"),
        ("1.1.0", "1.0.0 1.1.0", "latest", "1.1.0 head tag"),
        ("1.1.0", "1.0.0", "^1", "1.0.0 tag"),
        ("-", "", "latest", "- head"),
    ],
)
def test_where_only_tags_count_the_revision_alone_is_no_version(
    revision: str, tags: str, wanted: str, chosen: str
) -> None:
    assert _told(_candidates(revision, tags, is_tags_only=True), wanted) == chosen


REFUSED = [
    # what the revision holds · tags · whether only tags count · wanted · message · hint
    (
        "1.0.0",
        "1.10.0 1.9.0",
        False,
        "^2",
        "no version of component `split` fits `^2`",
        "there are: 1.0.0, 1.9.0, 1.10.0",
    ),
    ("", "1.0.0-rc.1", False, "^1", "no version of component `split` fits `^1`", "there are: 1.0.0-rc.1"),
    ("1.0.0", "1.1.0", True, "1.0.0", "no version of component `split` fits `1.0.0`", "there are: 1.1.0"),
    (
        "1.0.0 1.2.0",
        "",
        True,
        "latest",
        "no tag holds component `split` 1.2.0, and only tags count here",
        "release it: `reconciler release component/split`; or take `registry: tags-only` away",
    ),
    (
        "-",
        "",
        False,
        "^1",
        "component `split` has no version, `^1` is asked for",
        "add `version:` to 0.yaml or refer to it with `@latest`",
    ),
    ("1.0.0", "", False, "none", "no version of component `split` fits `none`", "there are: 1.0.0"),
    ("1.0.0", "", False, "stabel", "component `split` has no label `stabel`", "did you mean `stable`?"),
    ("1.0.0", "", False, "latests", "component `split` has no label `latests`", "did you mean `latest`?"),
    (
        "1.0.0",
        "",
        False,
        "production",
        "component `split` has no label `production`",
        "write a version, a range such as `^1.2` or `latest`, or add to reconciler.yaml: "
        "`labels: {component/split: {production: 1.0.0}}`",
    ),
    (
        "1.0.0",
        "",
        False,
        ">>1",
        "'>>1' is not a version or a range of versions",
        "write a version, a range such as `^1.2`, or `latest`",
    ),
]


@pytest.mark.parametrize(("revision", "tags", "is_tags_only", "wanted", "message", "hint"), REFUSED)
def test_where_none_fits_it_is_said_what_there_is(
    revision: str, tags: str, is_tags_only: bool, wanted: str, message: str, hint: str
) -> None:
    with pytest.raises(NoneFitsError) as raised:
        _candidates(revision, tags, is_tags_only).choose(wanted)
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_of_very_many_versions_the_newest_are_told() -> None:
    candidates = _candidates("", " ".join(f"1.{minor}.0" for minor in range(200)))
    with pytest.raises(NoneFitsError) as raised:
        candidates.choose("^2")
    assert raised.value.hint.startswith("there are: … 1.")
    assert raised.value.hint.endswith(", 1.198.0, 1.199.0")
    assert len(raised.value.hint) < 320


@pytest.mark.parametrize(
    ("wanted", "skipped"),
    [
        ("^1.2", [("2.0.0", "outside the range"), ("1.5.0-rc.1", "skipped: pre-release")]),
        ("latest", []),
        ("~1.2", [("2.0.0", "outside the range"), ("1.5.0-rc.1", "outside the range"), ("1.4.1", "outside the range")]),
        ("1.2.0", []),
        ("v1.2.0", []),
        ("=1.2.0", []),
    ],
)
def test_the_higher_versions_are_told_with_what_speaks_against_them(
    wanted: str, skipped: list[tuple[str, str]]
) -> None:
    chosen = _candidates("1.4.1", "1.2.0 1.5.0-rc.1 2.0.0").choose(wanted)
    assert chosen.skipped == tuple(Skipped(*each) for each in skipped)


VERSIONS = ["1.0.0", "1.1.0", "1.1.0-rc.1", "1.2.0", "2.0.0-0", "2.0.0", "0.1.0"]
SETS = st.sets(st.sampled_from(VERSIONS))
WANTED = st.sampled_from(["latest", "^1", "1.x", "~1.1", "*", ">=1.1.0-0", "<2", "2.0.0", "^0.1"])


@given(SETS, SETS, SETS, WANTED)
def test_where_a_version_stands_makes_no_difference_to_the_choice(
    revision: set[str], tags: set[str], both: set[str], wanted: str
) -> None:
    """Merging is releasing: a tag for a version of the revision changes nothing but where it is noted."""

    def chosen(of_revision: set[str], of_tags: set[str]) -> tuple[str, tuple[Skipped, ...]] | None:
        if not of_revision | of_tags:
            return None
        try:
            found = _candidates(" ".join(sorted(of_revision)), " ".join(sorted(of_tags))).choose(wanted)
        except NoneFitsError:
            return None
        version = found.release.version if found.release else found.manifest and found.manifest.version
        return str(version), found.skipped

    everything = revision | tags | both
    assert chosen(revision | both, tags | both) == chosen(everything, set()) == chosen(set(), everything)
