"""What a follower does with each push."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from reconciler.model.runs import RunStatus, StepStatus

from .following import Following
from .origin import Origin, pipeline

GREET = "greet.yaml"


def test_the_first_revision_is_applied_and_its_pipeline_runs(following: Following, origin: Origin) -> None:
    commit = origin.push({GREET: pipeline("true", "true")})
    outcome = following.turn()
    (run,) = following.runs
    assert outcome.is_good
    assert outcome.started == ("greet",)
    assert (run.id, run.status, run.revision, run.trigger) == (
        "greet-1",
        RunStatus.SUCCEEDED,
        f"main@sha1:{commit}",
        "push",
    )
    assert following.source.applied_revision == outcome.revision == f"main@sha1:{commit}"
    assert following.source_reason == ("Applied", f"applied main@sha1:{commit}")
    assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")


def test_an_unchanged_head_does_nothing(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    following.turn()
    outcome = following.turn("interval")
    assert outcome.is_good
    assert outcome.plan is None
    assert outcome.started == ()
    assert len(following.runs) == 1


def test_a_push_that_concerns_no_manifest_is_applied_and_runs_nothing(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    following.turn()
    commit = origin.push({"README.md": "more words\n"})
    assert following.turn().started == ()
    assert following.source.applied_commit == commit
    assert len(following.runs) == 1


def test_of_two_pipelines_only_the_one_that_changed_runs(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true"), "part.yaml": pipeline("true", name="part")})
    assert sorted(following.turn().started) == ["greet", "part"]
    origin.push({GREET: pipeline("echo hello")})
    assert following.turn().started == ("greet",)
    assert following.runs[-1].id == "greet-2"


def test_several_pushes_between_two_looks_are_one(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("exit 1")})
    origin.push({GREET: pipeline("exit 2")})
    newest = origin.push({GREET: pipeline("true")})
    following.turn()
    assert [(run.revision, run.status) for run in following.runs] == [(f"main@sha1:{newest}", RunStatus.SUCCEEDED)]


def test_a_revert_restores_the_earlier_run_and_executes_nothing(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("date", "date")})
    following.turn()
    origin.push({GREET: pipeline("echo hello", "date")})
    following.turn()
    reverted = origin.revert()
    following.turn()
    restored = following.runs[-1]
    steps = following.site.state.runs.steps(restored.id)
    assert (restored.id, restored.status, restored.restored_from) == ("greet-3", RunStatus.RESTORED, "greet-1")
    assert restored.revision == f"main@sha1:{reverted}"
    assert {step.status for step in steps} == {StepStatus.REUSED}
    assert following.reason("pipeline/greet") == ("RunRestored", "greet-3 restored greet-1")


def test_what_is_gone_from_git_is_gone_from_the_resources_and_its_runs_are_kept(
    following: Following, origin: Origin
) -> None:
    origin.push({GREET: pipeline("true"), "part.yaml": pipeline("true", name="part")})
    following.turn()
    origin.push({"part.yaml": None})
    outcome = following.turn()
    assert outcome.plan is not None
    assert [(pruned.kind, pruned.name) for pruned in outcome.plan.prune] == [("pipeline", "part")]
    assert set(following.resources) == {"pipeline/greet"}
    assert following.site.state.runs.get("part-1") is not None


def test_a_pipeline_that_comes_back_is_restored(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true"), "part.yaml": pipeline("true", name="part")})
    following.turn()
    origin.push({"part.yaml": None})
    following.turn()
    origin.revert()
    following.turn()
    assert following.reason("pipeline/part") == ("RunSucceeded", "part-1 is current")
    assert len(following.runs) == 2


def test_a_branch_that_was_rewritten_is_followed(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    following.turn()
    origin.git("checkout", "-q", "--orphan", "other")
    commit = origin.push({GREET: pipeline("echo rewritten")})
    assert following.turn().started == ("greet",)
    assert following.source.applied_commit == commit


def test_what_is_pushed_while_a_pipeline_runs_is_run_after_it(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("sleep 0.3")})
    following.follower.reconcile("push")
    origin.push({GREET: pipeline("echo second")})
    assert following.follower.reconcile("push").started == ()
    following.follower.wait()
    assert following.follower.reconcile("run ended").started == ("greet",)
    following.follower.wait()
    assert [run.trigger for run in following.runs] == ["push", "push"]
    assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]


def test_the_next_process_finds_everything_as_it_was_and_runs_nothing(following: Following, origin: Origin) -> None:
    origin.push({GREET: pipeline("true")})
    following.turn()
    assert following.restart() == []
    assert following.turn("start").started == ()
    assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")


def test_a_revision_is_recorded_as_applied_only_once_its_runs_are_started(following: Following, origin: Origin) -> None:
    """Whoever waits for a revision and then for its runs must not look between the two."""
    with closing(sqlite3.connect(following.site.state.folder.database)) as database:
        database.execute("CREATE TABLE seen (applied TEXT, runs INTEGER)")
        database.execute(
            "CREATE TRIGGER applied AFTER INSERT ON sources WHEN NEW.applied_commit != ''"
            " BEGIN INSERT INTO seen SELECT NEW.applied_commit, COUNT(*) FROM runs; END"
        )
        commits = [origin.push({GREET: pipeline("true")})]
        following.turn()
        commits.append(origin.push({GREET: pipeline("true", "true")}))
        following.turn()
        commits.append(origin.push({GREET: pipeline("true")}))
        following.turn()
        assert following.runs[-1].status is RunStatus.RESTORED
        assert database.execute("SELECT * FROM seen").fetchall() == list(zip(commits, (1, 2, 3), strict=True))
