"""What becomes of a run when a newer revision asks for something else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.retries import RetryPolicy, next_attempt
from reconciler.engines.process import ProcessEngine
from reconciler.model.runs import SUPERSEDED, Run, RunStatus

from .following import Following
from .origin import Origin, pipeline
from .waiting import Waiting

GREET = "greet.yaml"
CANCEL = "on_new_revision: cancel\n"
OTHER = pipeline("echo other")


def _begin(following: Following, origin: Origin, waiting: Waiting, policy: str) -> str:
    """A run that is in its second step; returns the commit that it is of."""
    commit = origin.push({GREET: waiting.manifest + policy})
    following.follower.reconcile("push")
    waiting.until_second()
    return commit


def _settle(following: Following) -> list[RunStatus]:
    """A turn as the daemon makes it after a push, and all that follows from it; returns how the runs ended."""
    following.turn()
    following.follower.wait()
    return [run.status for run in following.runs]


class TestCancelling:
    def test_a_push_that_changes_the_pipeline_ends_its_run_and_the_new_one_starts(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        commit = origin.push({GREET: OTHER + CANCEL})
        assert following.follower.reconcile("push").started == ()
        following.follower.wait()
        assert following.follower.reconcile("run ended").started == ("greet",)
        following.follower.wait()
        ended, new = following.runs
        assert (ended.status, ended.error) == (RunStatus.CANCELLED, f"{SUPERSEDED}main@sha1:{commit}")
        assert ended.is_superseded
        assert (new.status, new.revision, new.trigger) == (RunStatus.SUCCEEDED, f"main@sha1:{commit}", "push")
        steps = following.site.state.runs.steps(ended.id)
        assert [(step.name, str(step.status)) for step in steps] == [("step_0", "succeeded"), ("step_1", "cancelled")]

    def test_the_policy_of_the_newer_revision_counts(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, "")
        origin.push({GREET: OTHER + CANCEL})
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]

    @pytest.mark.parametrize("policy", ["", "on_new_revision: finish\n"])
    def test_without_it_the_run_finishes_first(
        self, following: Following, origin: Origin, waiting: Waiting, policy: str
    ) -> None:
        _begin(following, origin, waiting, policy)
        origin.push({GREET: OTHER + policy})
        following.follower.reconcile("push")
        following.follower.reconcile("interval")
        assert [run.status for run in following.runs] == [RunStatus.RUNNING]
        waiting.go_on()
        following.follower.wait()
        following.turn("run ended")
        assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]

    @pytest.mark.parametrize("file", ["README.md", "other.yaml", GREET])
    def test_a_push_that_changes_no_result_of_the_pipeline_ends_nothing(
        self, following: Following, origin: Origin, waiting: Waiting, file: str
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        described = f"{waiting.manifest}{CANCEL}description: other words\n"
        origin.push({file: described if file == GREET else pipeline("true", name="other")})
        following.follower.reconcile("push")
        waiting.go_on()
        following.follower.wait()
        assert [run.status for run in following.runs if run.pipeline == "greet"] == [RunStatus.SUCCEEDED]

    def test_a_revision_with_problems_ends_nothing(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        origin.push({GREET: OTHER + CANCEL, "broken.yaml": "type: pipeline\njobs: 7\n"})
        assert not following.follower.reconcile("push").is_good
        waiting.go_on()
        following.follower.wait()
        assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED]

    def test_a_run_that_an_earlier_process_began_is_ended_too(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        following.follower.stop()
        following.site = replace(following.site, engine=ProcessEngine(kill_grace_seconds=1.0))
        assert following.restart() == ["greet-1"]
        origin.push({GREET: OTHER + CANCEL})
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]


class TestGoingBack:
    def test_what_was_superseded_runs_again_and_reuses_what_had_ended(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        origin.push({GREET: OTHER + CANCEL})
        _settle(following)
        waiting.go_on()
        origin.revert()
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
        steps = following.site.state.runs.steps("greet-3")
        assert [str(step.status) for step in steps] == ["reused", "succeeded"]
        assert following.runs[-1].attempt == 1

    def test_what_somebody_ended_by_hand_waits_for_somebody_to_ask(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        assert following.follower.cancel("greet-1")
        following.follower.wait()
        origin.push({GREET: OTHER + CANCEL})
        _settle(following)
        waiting.go_on()
        origin.revert()
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]


def _run(status: RunStatus, attempt: int = 1, error: str = "") -> Run:
    return Run("p-1", "p", "main", "main@sha1:0", "c", status, "push", 0.0, 1.0, attempt=attempt, error=error)


@given(
    others=st.lists(st.sampled_from([status for status in RunStatus if status is not RunStatus.RUNNING]), max_size=4),
    places=st.lists(st.integers(0, 4), max_size=3),
)
def test_runs_that_were_superseded_say_nothing_about_the_next_attempt(
    others: list[RunStatus], places: list[int]
) -> None:
    runs = [_run(status, attempt=len(others) - number) for number, status in enumerate(others)]
    mixed = list(runs)
    for place in places:
        mixed.insert(place, _run(RunStatus.CANCELLED, error=f"{SUPERSEDED}main@sha1:1"))
    assert next_attempt(mixed, RetryPolicy()) == next_attempt(runs, RetryPolicy())
