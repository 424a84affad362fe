"""A step that two pipelines have in common is executed once, also where the process ends in the middle of it."""

from __future__ import annotations

from pathlib import Path

from reconciler.model.runs import RunStatus, StepStatus
from tests.execution.place import eventually

from .following import Following
from .origin import Origin, pipeline


def test_the_next_process_follows_who_executes_it_and_the_other_waits(
    following: Following, origin: Origin, tmp_path: Path
) -> None:
    diary, gate = tmp_path / "diary", tmp_path / "gate"
    gate.touch()
    command = f"echo begun >> {diary}; while test -e {gate}; do sleep 0.02; done"
    origin.push({"one.yaml": pipeline(command, name="one")})
    following.follower.reconcile("push")
    eventually(diary.exists)
    origin.push({"other.yaml": pipeline(command, name="other")})
    following.follower.reconcile("push")
    following.follower.stop()
    _make_older(following, "other-1")
    assert following.restart() == ["other-1", "one-1"]
    gate.unlink()
    following.turn("start")
    assert diary.read_text().split() == ["begun"]
    ended = {run.pipeline: run for run in following.runs}
    assert {run.status for run in ended.values()} == {RunStatus.SUCCEEDED}
    steps = {name: following.site.state.runs.steps(run.id)[0] for name, run in ended.items()}
    assert steps["one"].status is StepStatus.SUCCEEDED
    assert (steps["other"].status, steps["other"].reused_from) == (StepStatus.REUSED, "one-1")


def _make_older(following: Following, run_id: str) -> None:
    """Have the next process look at a run first."""
    following.site.state.database.execute("UPDATE runs SET started = 0 WHERE id = ?", (run_id,))
