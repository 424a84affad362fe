"""What a follower does about tags that hold versions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.model.releases import Resolution
from reconciler.model.runs import Run, RunStatus, StepStatus

from .following import Following
from .origin import Origin
from .releases import SAY, WORDS, Saying
from .waiting import Waiting

ONE, TWO = "component/say/v1.0.0", "component/say/v1.1.0"


@pytest.fixture
def saying(tmp_path: Path) -> Saying:
    return Saying(tmp_path)


@pytest.fixture
def released(following: Following, origin: Origin, saying: Saying) -> str:
    """Three pipelines on versions 1.0.0 and 1.1.0 of a component that are both tagged, all of which ran."""
    origin.push(saying.component("one", "1.0.0"))
    origin.tag(ONE)
    commit = origin.push(
        {
            **saying.component("two", "1.1.0"),
            **saying.pipeline("exact", "azureml:say:1.0.0"),
            **saying.pipeline("patch", "azureml:say@~1.0.0"),
            **saying.pipeline("caret", "azureml:say@^1.0"),
        }
    )
    origin.tag(TWO)
    assert sorted(following.turn().started) == ["caret", "exact", "patch"]
    return commit


def _released_from(origin: Origin, saying: Saying, word: str, version: str, tag: str) -> str:
    """A tag that leads to a commit beside the branch; the branch stays where it is."""
    head = origin.git("rev-parse", "HEAD")
    for path, text in saying.component(word, version).items():
        (origin.work_tree / path).write_text(text, encoding="utf-8")
    origin.git("commit", "-q", "--all", "-m", "a release")
    commit = origin.git("rev-parse", "HEAD")
    origin.tag(tag)
    origin.git("reset", "-q", "--hard", head)
    return commit


def test_pipelines_run_on_several_versions_at_once_each_from_its_own_tree(
    released: str, following: Following, saying: Saying
) -> None:
    assert saying.heard() == ["caret two", "exact one", "patch one"]
    assert {run.status for run in following.runs} == {RunStatus.SUCCEEDED}
    locks = {run.pipeline: [(each.version, each.tag) for each in _lock(following, run)] for run in following.runs}
    assert locks == {"exact": [("1.0.0", ONE)], "patch": [("1.0.0", ONE)], "caret": [("1.1.0", TWO)]}


def test_a_tag_that_is_pushed_alone_starts_the_pipeline_whose_range_now_means_it(
    released: str, following: Following, origin: Origin, saying: Saying
) -> None:
    saying.heard()
    commit = _released_from(origin, saying, "mended", "1.0.1", "component/say/v1.0.1")
    assert following.turn("interval").started == ("patch",)
    assert saying.heard() == ["patch mended"]
    run = following.runs[-1]
    assert (run.revision, run.status) == (f"main@sha1:{released}", RunStatus.SUCCEEDED)
    assert [(each.version, each.commit) for each in _lock(following, run)] == [("1.0.1", commit)]
    assert following.turn("interval").started == ()


@pytest.mark.parametrize("tag", ["component/say/v2.0.0", "component/say/v1.2.0-rc.1", "v1", "component/other/v1.0.1"])
def test_a_tag_that_no_range_means_starts_nothing(
    released: str, following: Following, origin: Origin, saying: Saying, tag: str
) -> None:
    _released_from(origin, saying, "other", tag.rpartition("v")[2], tag)
    outcome = following.turn("interval")
    assert outcome.is_good
    assert outcome.started == ()


def test_a_tag_of_the_same_content_starts_nothing(
    released: str, following: Following, origin: Origin, saying: Saying
) -> None:
    _released_from(origin, saying, "one", "1.0.1", "component/say/v1.0.1")
    outcome = following.turn("interval")
    assert outcome.is_good
    assert outcome.started == ()


def test_the_version_before_is_restored_when_the_tag_is_taken_away(
    released: str, following: Following, origin: Origin, saying: Saying
) -> None:
    _released_from(origin, saying, "mended", "1.0.1", "component/say/v1.0.1")
    following.turn("interval")
    saying.heard()
    origin.tag("component/say/v1.0.1", None)
    assert following.turn("interval").is_good
    assert saying.heard() == []
    restored = following.runs[-1]
    assert (restored.pipeline, restored.status) == ("patch", RunStatus.RESTORED)


def _assert_refused(following: Following, revision: str, message: str) -> None:
    """The source says so, and what was applied is as it was."""
    reason, told = following.source_reason
    assert reason == "VersionMutated"
    assert message in told
    assert following.source.applied_revision == revision
    assert following.reason("pipeline/exact")[0] == "RunSucceeded"


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_tag_that_was_moved_is_refused_and_what_was_applied_stays(
    released: str, following: Following, origin: Origin, saying: Saying, is_restarted: bool
) -> None:
    saying.heard()
    moved = _released_from(origin, saying, "moved", "1.0.0", ONE)
    if is_restarted:
        assert following.restart() == []
    outcome = following.turn("interval")
    assert not outcome.is_good
    assert outcome.started == ()
    assert saying.heard() == []
    assert outcome.error.startswith(f"{ONE}//{SAY}:1:")
    told = re.search(
        r"component `say` 1\.0\.0 was applied with other content: (\w{12}) at (\S+), now (\w{12}) at (\S+)",
        outcome.error,
    )
    assert told is not None
    assert told[1] != told[3]
    assert told[4].rstrip(",") == f"{ONE}@sha1:{moved}"
    _assert_refused(following, f"main@sha1:{released}", told[0])
    assert not following.turn("request", is_asked=True).started
    origin.tag(ONE, f"{released}~1")
    assert following.turn("interval").is_good
    assert saying.heard() == []


def test_a_manifest_that_was_changed_under_the_version_of_a_tag_is_refused(
    released: str, following: Following, origin: Origin, saying: Saying
) -> None:
    saying.heard()
    commit = origin.push({WORDS: "edited"})
    outcome = following.turn()
    assert not outcome.is_good
    assert commit[:12] in outcome.error
    _assert_refused(following, f"main@sha1:{released}", "component `say` 1.1.0 ")
    assert following.reason("component/say")[0] == "VersionMutated"
    assert saying.heard() == []


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_tag_that_is_in_use_and_taken_away_is_refused_and_what_was_applied_stays(
    released: str, following: Following, origin: Origin, saying: Saying, is_restarted: bool
) -> None:
    saying.heard()
    origin.tag(ONE, None)
    if is_restarted:
        assert following.restart() == []
    outcome = following.turn("interval")
    assert "no version of component `say` fits `1.0.0`" in outcome.error
    assert following.source.applied_revision == f"main@sha1:{released}"
    assert following.source_reason[0] == "InvalidManifests"
    assert following.turn("request", is_asked=True).started == ()
    assert saying.heard() == []
    origin.tag(ONE, f"{released}~1")
    assert following.turn("interval").is_good


def test_a_tag_that_holds_no_such_version_is_refused_where_it_is_meant(
    released: str, following: Following, origin: Origin, saying: Saying
) -> None:
    _released_from(origin, saying, "other", "3.0.0", "component/say/v1.0.1")
    outcome = following.turn("interval")
    said = "the tag `component/say/v1.0.1` cannot be used: the manifest there says `version: 3.0.0`"
    assert outcome.error.startswith("patch.yaml:1:")
    assert said in outcome.error
    assert following.source.applied_revision == f"main@sha1:{released}"


def test_a_branch_that_is_rewritten_leaves_the_versions_of_tags_as_they_are(
    released: str, following: Following, origin: Origin, saying: Saying
) -> None:
    saying.heard()
    origin.git("checkout", "-q", "--orphan", "anew")
    origin.push({"README.md": "anew"})
    assert following.turn().is_good
    origin.push({SAY: None, WORDS: None})
    assert following.turn().is_good
    assert saying.heard() == []


def test_an_interrupted_run_goes_on_with_the_versions_of_its_lock(
    following: Following, origin: Origin, waiting: Waiting, saying: Saying
) -> None:
    """Though a newer tag came meanwhile: it is what the next run is made of."""
    jobs = _waiting_first(waiting, "azureml:say@^1.0")
    origin.push({**saying.component("one", "1.0.0"), "long.yaml": jobs})
    origin.tag(ONE)
    following.follower.reconcile("push")
    waiting.until_second()
    _released_from(origin, saying, "two", "1.1.0", TWO)
    assert following.follower.reconcile("interval").is_good
    assert following.restart() == ["long-1"]
    waiting.go_on()
    following.follower.wait()
    assert saying.heard() == ["long one"]
    (run,) = following.runs
    assert run.status is RunStatus.SUCCEEDED
    assert [(each.reference, each.version) for each in _lock(following, run)] == [("say@^1.0", "1.0.0")]
    steps = following.site.state.runs.steps(run.id)
    assert {each.status for each in steps} == {StepStatus.SUCCEEDED}
    assert following.turn("interval").started == ("long",)
    assert saying.heard() == ["long two"]


def test_an_interrupted_run_goes_on_without_a_version_though_a_tag_brought_one(
    following: Following, origin: Origin, waiting: Waiting, saying: Saying
) -> None:
    origin.push({**saying.component("own"), "long.yaml": _waiting_first(waiting, "azureml:say@latest")})
    following.follower.reconcile("push")
    waiting.until_second()
    _released_from(origin, saying, "tagged", "1.0.0", ONE)
    following.follower.reconcile("interval")
    assert following.restart() == ["long-1"]
    waiting.go_on()
    following.follower.wait()
    assert saying.heard()[0] == "long own"


def test_where_only_tags_count_a_push_starts_nothing_and_its_tag_does(
    following: Following, origin: Origin, saying: Saying
) -> None:
    settings = {"reconciler.yaml": "registry: tags-only\n"}
    origin.push({**settings, **saying.component("one", "1.0.0"), **saying.pipeline("caret", "azureml:say@^1.0")})
    outcome = following.turn()
    assert "no tag holds component `say` 1.0.0, and only tags count here" in outcome.error
    origin.tag(ONE)
    assert following.turn("interval").started == ("caret",)
    origin.push(saying.component("two", "1.1.0"))
    assert following.turn().started == ()
    origin.push(saying.component("three", "1.1.0"))  # nothing is settled before the tag is there
    assert following.turn().is_good
    origin.tag(TWO)
    assert following.turn("interval").started == ("caret",)
    assert saying.heard() == ["caret one", "caret three"]


@pytest.mark.parametrize(
    ("pattern", "tag"),
    [("{name}@v{version}", "say@v{}"), ("{name}-{version}", "say-{}"), ("r/{version}/{name}", "r/{}/say")],
)
def test_tags_may_be_written_otherwise(
    following: Following, origin: Origin, saying: Saying, pattern: str, tag: str
) -> None:
    origin.push({"reconciler.yaml": f'tags: "{pattern}"\n', **saying.component("one", "1.0.0")})
    origin.tag(tag.format("1.0.0"))
    origin.push({**saying.component("two", "1.1.0"), **saying.pipeline("exact", "azureml:say:1.0.0")})
    assert following.turn().started == ("exact",)
    origin.push(saying.pipeline("exact", "azureml:say@~1.0.0"))
    assert following.turn().started == ()
    _released_from(origin, saying, "mended", "1.0.1", tag.format("1.0.1"))
    assert following.turn("interval").started == ("exact",)
    assert saying.heard() == ["exact mended", "exact one"]


def _waiting_first(waiting: Waiting, reference: str) -> str:
    """A pipeline that waits before it has the word said."""
    last = f"  say:\n    component: {reference}\n    inputs: {{by: long}}\n    depends_on: [step_1]\n"
    return waiting.manifest.replace("name: greet", "name: long") + last


def _lock(following: Following, run: Run) -> tuple[Resolution, ...]:
    kept = following.site.state.runs.get(run.id)
    assert kept is not None
    return kept.lock
