"""Pipelines that fail: tried again with backoff, then stalled until something changes or somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.daemon.retries import RetryPolicy
from reconciler.execution.site import Site
from reconciler.model.runs import RunStatus
from reconciler.model.status import ConditionType

from .following import Following
from .origin import Origin, environment_manifest, pipeline
from .site import Clock

GREET = "greet.yaml"
POLICY = RetryPolicy(attempts=3, first_delay=100.0, factor=4.0, jitter=0.0)


@pytest.fixture
def following(site: Site, origin: Origin) -> Iterator[Following]:
    following = Following(site, origin, POLICY)
    yield following
    following.follower.stop()


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """A file without which the pipeline fails."""
    return tmp_path / "mended"


@pytest.fixture
def failed(following: Following, origin: Origin, flag: Path) -> None:
    """A pipeline that failed once."""
    origin.push({GREET: pipeline(f"echo looking && test -e {flag}")})
    following.turn()


def _later(following: Following, clock: Clock, seconds: float) -> None:
    """What the daemon does when nothing happens for so long."""
    clock.advance(seconds)
    following.follower.retry()
    following.turn("interval")


@pytest.mark.usefixtures("failed")
def test_a_failed_pipeline_waits_for_its_next_attempt(following: Following, clock: Clock) -> None:
    reason, message = following.reason("pipeline/greet")
    (run,) = following.runs
    assert reason == "Retrying"
    assert message.startswith("greet-1: step step_0: exited with status 1")
    assert message.endswith("(attempt 2 follows)")
    assert run.ended is not None
    assert following.follower.next_due() == run.ended + 100.0


@pytest.mark.usefixtures("failed")
def test_nothing_is_tried_before_it_is_due(following: Following, clock: Clock) -> None:
    _later(following, clock, 90)
    assert len(following.runs) == 1
    _later(following, clock, 20)
    assert len(following.runs) == 2


@pytest.mark.usefixtures("failed")
def test_each_attempt_waits_longer_and_after_the_last_the_pipeline_is_stalled(
    following: Following, clock: Clock
) -> None:
    _later(following, clock, 101)
    _later(following, clock, 101)
    assert len(following.runs) == 2
    _later(following, clock, 300)
    assert [(run.attempt, run.status) for run in following.runs] == [
        (1, RunStatus.FAILED),
        (2, RunStatus.FAILED),
        (3, RunStatus.FAILED),
    ]
    assert following.follower.next_due() is None
    assert following.reason("pipeline/greet")[0] == "RunFailed"
    assert following.resources["pipeline/greet"].condition(ConditionType.STALLED) is not None
    _later(following, clock, 1_000_000)
    assert len(following.runs) == 3


@pytest.mark.usefixtures("failed")
def test_an_attempt_that_succeeds_ends_the_matter(following: Following, clock: Clock, flag: Path) -> None:
    flag.touch()
    _later(following, clock, 101)
    assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-2 is current")
    assert following.follower.next_due() is None


@pytest.mark.usefixtures("failed")
def test_who_asks_need_not_wait(following: Following) -> None:
    assert following.turn("request", is_asked=True).started == ("greet",)
    assert [run.trigger for run in following.runs] == ["push", "request"]


@pytest.mark.usefixtures("failed")
def test_a_stalled_pipeline_is_tried_again_when_somebody_asks(following: Following, clock: Clock, flag: Path) -> None:
    _later(following, clock, 101)
    _later(following, clock, 401)
    flag.touch()
    following.turn("request", is_asked=True)
    assert following.runs[-1].attempt == 4
    assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-4 is current")


@pytest.mark.usefixtures("failed")
def test_an_attempt_that_was_asked_for_and_fails_leaves_a_stalled_pipeline_stalled(
    following: Following, clock: Clock
) -> None:
    _later(following, clock, 101)
    _later(following, clock, 401)
    following.turn("request", is_asked=True)
    assert len(following.runs) == 4
    assert following.reason("pipeline/greet")[0] == "RunFailed"


@pytest.mark.usefixtures("failed")
def test_a_changed_pipeline_does_not_wait_and_counts_anew(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("exit 3")})
    assert following.turn().started == ("greet",)
    assert following.runs[-1].attempt == 1


@pytest.mark.usefixtures("failed")
def test_a_push_that_does_not_concern_it_does_not_hurry_a_retry(following: Following, origin: Origin) -> None:
    origin.push({"README.md": "words\n"})
    assert following.turn().started == ()


@pytest.mark.usefixtures("failed")
def test_the_next_process_keeps_to_the_delay(following: Following, clock: Clock) -> None:
    due = following.follower.next_due()
    following.restart()
    assert following.turn("start").started == ()
    assert following.follower.next_due() == due


def test_after_a_failure_what_succeeded_is_not_repeated(following: Following, origin: Origin, tmp_path: Path) -> None:
    count, flag = tmp_path / "count", tmp_path / "mended"
    origin.push({GREET: pipeline(f"echo once >> {count}", f"test -e {flag}")})
    following.turn()
    flag.touch()
    following.turn("request", is_asked=True)
    assert following.runs[-1].status is RunStatus.SUCCEEDED
    assert count.read_text() == "once\n"


def test_a_failure_of_one_pipeline_holds_up_no_other(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("exit 1"), "part.yaml": pipeline("true", name="part")})
    following.turn()
    assert following.reason("pipeline/part")[0] == "RunSucceeded"
    assert following.reason("pipeline/greet")[0] == "Retrying"


def test_an_environment_that_cannot_be_built_fails_the_run_and_says_so(following: Following, origin: Origin) -> None:
    named = pipeline("true").replace("{image: python}", "azureml:broken@latest")
    origin.push({GREET: named, "environment.yaml": environment_manifest("broken")})
    following.turn()
    assert following.reason("environment/broken") == ("BuildFailed", "broken: no such package (correct it)")
    assert following.reason("pipeline/greet")[0] == "Retrying"
    assert "no such package" in following.runs[0].error
