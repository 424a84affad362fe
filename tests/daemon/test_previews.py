"""What a pull request would train, run before it is merged and taken up once it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.errors import ReconcilerError
from reconciler.model.runs import RunStatus, StepStatus
from reconciler.source.plumbing import Git

from .following import Following
from .origin import Origin, pipeline
from .proposing import merge, propose
from .waiting import Waiting

REGISTER = (  # as MLflow's client does where it is told of another registry; elsewhere nothing
    "python -c \"import os, sqlite3; to = os.environ.get('MLFLOW_REGISTRY_URI', ':memory:').removeprefix('sqlite:///');"
    " made = sqlite3.connect(to); made.execute('create table model_versions (name)');"
    " made.execute('insert into model_versions values (1)'); made.commit()\""
)


@pytest.fixture(autouse=True)
def _applied(origin: Origin, following: Following) -> None:
    origin.push({"greet.yaml": pipeline("true", "true"), "other.yaml": pipeline("true", name="other")})
    following.turn()


def statuses(following: Following, run: str) -> set[StepStatus]:
    return {step.status for step in following.site.state.runs.steps(run)}


def kept_refs(following: Following) -> str:
    mirror = following.site.state.folder.sources / "main.git"
    return Git(mirror).run("for-each-ref").decode()


def test_it_runs_the_pipelines_that_it_touches_by_names_of_its_own(origin: Origin, following: Following) -> None:
    asked = propose(origin, 12, {"greet.yaml": pipeline("true", "echo changed")})
    assert following.follower.preview(asked) == "started greet@pr-12-1"
    following.follower.wait()
    run = following.site.state.runs.get("greet@pr-12-1")
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED
    assert run.revision == f"pr-12@sha1:{asked.commit}"
    assert run.experiment.startswith("pr-12/")
    assert "pull request 12, asked for by ada" in run.reasons
    steps = {step.name: step for step in following.site.state.runs.steps(run.id)}
    assert steps["step_0"].status is StepStatus.REUSED
    assert steps["step_1"].status is StepStatus.SUCCEEDED
    assert any("command" in reason for reason in steps["step_1"].reasons)
    assert {each.pipeline for each in following.runs} == {"greet", "other", "greet@pr-12"}


def test_nothing_of_it_counts_before_it_is_merged(origin: Origin, following: Following) -> None:
    before = following.resources
    asked = propose(origin, 12, {"greet.yaml": pipeline("true", "echo changed")})
    following.follower.preview(asked)
    following.follower.wait()
    following.turn("interval")
    assert {name: each.conditions[0].message for name, each in following.resources.items()} == {
        name: each.conditions[0].message for name, each in before.items()
    }
    origin.push({"third.yaml": pipeline("true", "echo changed", name="third")})
    following.turn()
    assert statuses(following, "third-1") == {StepStatus.REUSED, StepStatus.SUCCEEDED}  # the changed one ran again


@pytest.mark.parametrize("is_squashed", [False, True], ids=["merged", "squashed"])
def test_after_the_merge_nothing_is_trained_again(origin: Origin, following: Following, is_squashed: bool) -> None:
    asked = propose(origin, 12, {"greet.yaml": pipeline("echo new", "echo changed")})
    following.follower.preview(asked)
    following.follower.wait()
    origin.push({"other.yaml": pipeline("echo moved on", name="other")})
    following.turn()
    merge(origin, 12, is_squashed=is_squashed)
    following.turn()
    assert statuses(following, "greet-2") == {StepStatus.REUSED}
    assert following.site.state.previews.of("main") == ()
    assert "refs/previews" not in kept_refs(following)


def test_a_step_that_registers_a_model_does_so_again_after_the_merge(origin: Origin, following: Following) -> None:
    following.follower.preview(propose(origin, 12, {"greet.yaml": pipeline(REGISTER, "echo changed")}))
    following.follower.wait()
    assert statuses(following, "greet@pr-12-1") == {StepStatus.SUCCEEDED}
    merge(origin, 12)
    following.turn()
    steps = {step.name: step.status for step in following.site.state.runs.steps("greet-2")}
    assert steps == {"step_0": StepStatus.SUCCEEDED, "step_1": StepStatus.REUSED}


def test_what_a_closed_one_gave_is_forgotten(origin: Origin, following: Following) -> None:
    asked = propose(origin, 12, {"greet.yaml": pipeline("echo new", "echo changed")})
    following.follower.preview(asked)
    following.follower.wait()
    assert following.follower.previews.close(12) == "the preview of pull request 12 is over"
    merge(origin, 12)
    following.turn()
    assert statuses(following, "greet-2") == {StepStatus.SUCCEEDED}
    assert following.follower.previews.close(12) == "there is no preview of pull request 12"


def test_closing_it_ends_what_runs(origin: Origin, following: Following, waiting: Waiting) -> None:
    asked = propose(origin, 12, {"greet.yaml": waiting.manifest})
    following.follower.preview(asked)
    waiting.until_second()
    following.follower.previews.close(12)
    following.follower.wait()
    run = following.site.state.runs.get("greet@pr-12-1")
    assert run is not None
    assert run.status is RunStatus.CANCELLED
    assert "pull request 12 is closed" in run.error


def test_a_newer_commit_takes_the_place_of_one_that_runs(
    origin: Origin, following: Following, waiting: Waiting
) -> None:
    following.follower.preview(propose(origin, 12, {"greet.yaml": waiting.manifest}))
    waiting.until_second()
    newer = propose(origin, 12, {"greet.yaml": pipeline("echo newer")})
    assert following.follower.preview(newer) == "greet@pr-12 begins anew once greet@pr-12-1 has ended"
    following.follower.wait()
    following.follower.reconcile("run ended")
    following.follower.wait()
    ended = {run.id: run.status for run in following.runs if run.pipeline == "greet@pr-12"}
    assert ended == {"greet@pr-12-1": RunStatus.CANCELLED, "greet@pr-12-2": RunStatus.SUCCEEDED}


def test_one_that_ran_already_is_not_run_again(origin: Origin, following: Following) -> None:
    asked = propose(origin, 12, {"greet.yaml": pipeline("true", "echo changed")})
    following.follower.preview(asked)
    following.follower.wait()
    said = following.follower.preview(asked)
    assert said == "nothing to do: it would train nothing that did not run already"


def test_one_that_fails_may_be_asked_for_again(origin: Origin, following: Following) -> None:
    asked = propose(origin, 12, {"greet.yaml": pipeline("false")})
    for number in (1, 2):
        assert following.follower.preview(asked) == f"started greet@pr-12-{number}"
        following.follower.wait()
        following.follower.reconcile("run ended")
    assert [run.status for run in following.runs if run.pipeline == "greet@pr-12"] == [RunStatus.FAILED] * 2


def test_what_is_wrong_in_it_is_said(origin: Origin, following: Following) -> None:
    asked = propose(origin, 12, {"greet.yaml": "type: pipeline\nname: greet\njobs: {a: {type: nonsense}}\n"})
    with pytest.raises(ReconcilerError, match=r"greet\.yaml: one of"):
        following.follower.preview(asked)


def test_a_commit_that_its_ref_leads_to_no_more_is_not_run(origin: Origin, following: Following) -> None:
    asked = propose(origin, 12, {"greet.yaml": pipeline("echo old")})
    propose(origin, 12, {"greet.yaml": pipeline("echo new")})
    with pytest.raises(ReconcilerError, match="pull request 12 is at"):
        following.follower.preview(asked)


def test_the_next_process_takes_it_up(origin: Origin, following: Following, waiting: Waiting) -> None:
    asked = propose(origin, 12, {"greet.yaml": waiting.manifest})
    following.follower.preview(asked)
    waiting.until_second()
    assert following.restart() == ["greet@pr-12-1"]
    waiting.go_on()
    following.follower.wait()
    assert statuses(following, "greet@pr-12-1") == {StepStatus.SUCCEEDED}
    merge(origin, 12)
    following.turn()
    assert statuses(following, "greet-2") == {StepStatus.REUSED}


def test_one_whose_preview_is_over_is_ended_by_the_next_process(
    origin: Origin, following: Following, waiting: Waiting
) -> None:
    asked = propose(origin, 12, {"greet.yaml": waiting.manifest})
    following.follower.preview(asked)
    waiting.until_second()
    (preview,) = following.site.state.previews.of("main")
    following.site.state.previews.save(replace(preview, commit="0" * 40))
    assert following.restart() == []
    run = following.site.state.runs.get("greet@pr-12-1")
    assert run is not None
    assert run.status is RunStatus.FAILED
    assert "its preview is over" in run.error
