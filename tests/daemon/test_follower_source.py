"""Sources that are broken, away or empty: the last good revision stays applied, and conditions say what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus

from .following import SOURCE, Following
from .origin import Origin, environment_manifest, pipeline
from .site import Clock

GREET = "greet.yaml"
BROKEN = "type: pipeline\nname: greet\njobs: 7\n"


@pytest.fixture
def applied(following: Following, origin: Origin) -> str:
    """A revision that is applied."""
    origin.push({GREET: pipeline("true")})
    return following.turn().revision


def test_a_broken_manifest_is_refused_with_its_place(following: Following, origin: Origin, applied: str) -> None:
    commit = origin.push({GREET: BROKEN})
    outcome = following.turn()
    assert not outcome.is_good
    assert outcome.error.startswith("greet.yaml:3:1: error: ")
    assert outcome.started == ()
    assert following.source.attempted_revision == f"main@sha1:{commit}"
    assert following.source_reason == ("InvalidManifests", outcome.error)


def test_what_was_applied_before_a_broken_manifest_stays(following: Following, origin: Origin, applied: str) -> None:
    before = following.resources
    origin.push({GREET: BROKEN, "other.yaml": pipeline("true", name="other")})
    following.turn()
    assert following.source.applied_revision == applied
    assert following.resources == before
    assert len(following.runs) == 1


def test_of_several_errors_the_first_is_told_and_the_others_are_counted(following: Following, origin: Origin) -> None:
    origin.push({"a.yaml": BROKEN, "b.yaml": BROKEN, "c.yaml": BROKEN})
    assert following.turn().error.startswith("a.yaml:3:1")
    assert following.source_reason[1].endswith(" (and 2 more)")


def test_a_warning_keeps_nothing_from_being_applied(following: Following, origin: Origin) -> None:
    untyped = pipeline("true", "true").replace("type: uri_file, path", "path")
    origin.push({GREET: untyped})
    outcome = following.turn()
    assert [problem.is_error for problem in outcome.problems] == [False]
    assert outcome.started == ("greet",)


def test_a_refused_revision_is_refused_again_when_somebody_asks(
    following: Following, origin: Origin, applied: str
) -> None:
    origin.push({GREET: BROKEN})
    first = following.turn()
    asked = following.turn("request", is_asked=True)
    assert not asked.is_good
    assert (asked.error, asked.problems) == (first.error, first.problems)


def test_a_mended_manifest_is_applied(following: Following, origin: Origin, applied: str) -> None:
    origin.push({GREET: BROKEN})
    following.turn()
    commit = origin.push({GREET: pipeline("echo mended")})
    assert following.turn().started == ("greet",)
    assert following.source_reason == ("Applied", f"applied main@sha1:{commit}")


def test_a_version_that_was_only_refused_may_still_change(following: Following, origin: Origin) -> None:
    environment = environment_manifest("tools")
    origin.push({"tools.yaml": environment, GREET: BROKEN})
    assert not following.turn().is_good
    origin.push({"tools.yaml": environment.replace("image: python", "image: ubuntu"), GREET: pipeline("true")})
    assert following.turn().is_good


def test_a_version_that_was_applied_may_not_change(following: Following, origin: Origin) -> None:
    environment = environment_manifest("tools")
    origin.push({"tools.yaml": environment})
    assert following.turn().is_good
    origin.push({"tools.yaml": environment.replace("image: python", "image: ubuntu")})
    outcome = following.turn()
    assert [problem.code for problem in outcome.problems] == ["version-mutated"]
    assert not outcome.is_good


def test_the_next_process_still_holds_to_the_last_good_revision(
    following: Following, origin: Origin, clock: Clock
) -> None:
    origin.push({GREET: pipeline("exit 1")})
    good = following.turn().revision
    origin.push({GREET: BROKEN})
    following.restart()
    assert not following.turn("start").is_good
    clock.advance(34)
    following.follower.retry()
    following.turn("interval")
    assert [(run.revision, run.attempt) for run in following.runs] == [(good, 1), (good, 2)]


def test_a_source_that_is_away_is_said_to_be_and_what_is_applied_stays(
    following: Following, origin: Origin, applied: str, tmp_path: Path
) -> None:
    origin.url.rename(tmp_path / "away")
    outcome = following.turn("interval")
    reason, message = following.source_reason
    assert not outcome.is_good
    assert (reason, message) == ("SourceUnavailable", outcome.error)
    assert str(origin.url) in message
    assert following.source.applied_revision == following.source.attempted_revision == applied


def test_a_source_that_is_back_with_nothing_new_is_as_it_was(
    following: Following, origin: Origin, applied: str, tmp_path: Path, clock: Clock
) -> None:
    before = following.source.conditions
    origin.url.rename(tmp_path / "away")
    following.turn("interval")
    (tmp_path / "away").rename(origin.url)
    clock.advance(10)
    assert following.turn("interval").is_good
    assert [(condition.reason, condition.message) for condition in following.source.conditions] == [
        (condition.reason, condition.message) for condition in before
    ]
    assert len(following.runs) == 1


def test_a_failed_pipeline_is_tried_again_while_the_source_is_away(
    following: Following, origin: Origin, clock: Clock, tmp_path: Path
) -> None:
    flag = tmp_path / "mended"
    origin.push({GREET: pipeline(f"test -e {flag}")})
    following.turn()
    flag.touch()
    origin.url.rename(tmp_path / "away")
    clock.advance(34)
    following.follower.retry()
    following.turn("interval")
    assert [run.status for run in following.runs] == [RunStatus.FAILED, RunStatus.SUCCEEDED]


def test_a_branch_that_is_not_there_yet_is_no_error(following: Following, origin: Origin) -> None:
    outcome = following.turn("start")
    assert outcome.is_good
    assert outcome.revision == ""
    assert following.source_reason == ("NoRevision", f"{origin.url} has no branch `main` yet")
    origin.push({GREET: pipeline("true")})
    assert following.turn().started == ("greet",)


def test_a_branch_that_was_deleted_leaves_what_was_applied(following: Following, origin: Origin, applied: str) -> None:
    origin.git("--git-dir", str(origin.url), "update-ref", "-d", "refs/heads/main")
    following.turn("interval")
    assert following.source_reason[0] == "NoRevision"
    assert following.source.applied_revision == applied
    assert set(following.resources) == {"pipeline/greet"}


def test_a_source_that_now_follows_another_repository_does_not_hold_to_what_the_old_one_had(
    following: Following, origin: Origin, applied: str, tmp_path: Path
) -> None:
    other = Origin(tmp_path / "other")
    other.push({GREET: BROKEN})
    following.follower.stop()
    elsewhere = Following(following.site, other)
    assert not elsewhere.turn("start", is_asked=True).is_good
    assert following.site.state.sources.get(SOURCE) is not None
    assert len(elsewhere.runs) == 1
    elsewhere.follower.stop()
