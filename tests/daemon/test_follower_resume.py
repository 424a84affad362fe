"""What becomes of runs that a process left in the middle."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from reconciler.daemon.planner import Planner
from reconciler.model.runs import Run, RunStatus, StepStatus
from reconciler.source.worktree import worktree_snapshot

from .following import Following
from .origin import Origin, pipeline
from .waiting import Waiting

GREET = "greet.yaml"


@pytest.fixture
def interrupted(following: Following, origin: Origin, waiting: Waiting) -> Run:
    """A run whose process was stopped during its second step."""
    origin.push({GREET: waiting.manifest})
    following.follower.reconcile("push")
    waiting.until_second()
    following.follower.stop()
    (run,) = following.runs
    return run


def test_a_run_that_was_interrupted_still_counts_as_running(interrupted: Run, following: Following) -> None:
    assert interrupted.status is RunStatus.RUNNING
    steps = following.site.state.runs.steps(interrupted.id)
    assert [step.status for step in steps] == [StepStatus.SUCCEEDED, StepStatus.RUNNING]
    assert following.reason("pipeline/greet") == ("Running", "greet-1 is running")


def test_the_next_process_takes_it_up_where_it_was(interrupted: Run, following: Following, waiting: Waiting) -> None:
    assert following.restart() == ["greet-1"]
    waiting.go_on()
    following.turn("start")
    assert [(run.id, run.status) for run in following.runs] == [("greet-1", RunStatus.SUCCEEDED)]
    assert waiting.begun() == ["first", "second"]


def test_it_goes_on_at_its_own_revision_though_the_branch_has_moved(
    interrupted: Run, following: Following, origin: Origin, waiting: Waiting
) -> None:
    origin.push({GREET: pipeline("echo newer")})
    following.restart()
    waiting.go_on()
    following.follower.wait()
    following.turn("start")
    assert [(run.status, run.revision == interrupted.revision) for run in following.runs] == [
        (RunStatus.SUCCEEDED, True),
        (RunStatus.SUCCEEDED, False),
    ]


def test_it_is_not_started_a_second_time(interrupted: Run, following: Following, waiting: Waiting) -> None:
    following.restart()
    assert following.follower.reconcile("start", is_asked=True).started == ()
    waiting.go_on()
    following.turn("interval")
    assert len(following.runs) == 1


def test_a_run_whose_revision_cannot_be_read_any_more_has_failed_and_is_started_anew(
    interrupted: Run, following: Following, waiting: Waiting
) -> None:
    shutil.rmtree(following.site.state.folder.sources)
    assert following.restart() == []
    assert following.runs[0].status is RunStatus.FAILED
    assert following.runs[0].error.startswith("cannot be taken up again: ")
    steps = following.site.state.runs.steps(interrupted.id)
    assert [step.status for step in steps] == [StepStatus.SUCCEEDED, StepStatus.CANCELLED]
    waiting.go_on()
    following.turn("request", is_asked=True)
    assert following.runs[-1].status is RunStatus.SUCCEEDED
    assert waiting.begun() == ["first", "second", "second"]


def test_runs_of_others_are_left_alone(interrupted: Run, following: Following) -> None:
    runs = following.site.state.runs
    other = runs.start(Run("", "other", "local", "worktree@sha1:0", "c", RunStatus.RUNNING, "apply", 1.0))
    following.restart()
    kept = runs.get(other.id)
    assert kept is not None
    assert kept.status is RunStatus.RUNNING


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_what_somebody_tried_by_hand_does_not_hold_up_the_push(
    following: Following, origin: Origin, tmp_path: Path, status: RunStatus
) -> None:
    """An `apply` of the same tree that failed or was ended says nothing about what is followed."""
    origin.push({GREET: pipeline("true")})
    state = following.site.state
    tree = worktree_snapshot(origin.work_tree, state.folder.scratch)
    planner = Planner(state)
    (graph,) = planner.graphs(planner.load(tree.snapshot, tree))
    tree.objects.close()
    state.runs.start(Run("", "greet", "local", "worktree@sha1:0", graph.closure, status, "apply", 1.0, time.time()))
    assert following.turn().started == ("greet",)
    assert following.runs[-1].closure == graph.closure
    assert following.runs[-1].attempt == 1
