"""When a pipeline runs, is restored or left alone; which environments are built; what is pruned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.plan import EnvironmentAction, PipelineAction, Pruned
from reconciler.planning.diff import plan_pipeline, plan_steps
from tests.manifests.documents import environment

from .history import Content
from .lending import ENVIRONMENT, PIPELINE, SPLIT, TRAIN, files, jobs, lending, split, train
from .world import World, actions, pipeline_plan, step_plan

CODE = "components/train/src/run.py"
OTHER: dict[str, Content | None] = {CODE: "print('other')"}
ALL_REUSED = {"prepare": "reuse", "split": "reuse", "train": "reuse"}


def test_a_pipeline_that_never_ran_runs_all_its_steps() -> None:
    made = World().plan(files())
    assert pipeline_plan(made).action is PipelineAction.RUN
    assert pipeline_plan(made).reasons == ("never ran",)
    assert actions(made) == {"prepare": "run", "split": "run", "train": "run"}
    assert {step.reasons for step in pipeline_plan(made).steps} == {("never ran",)}
    assert made.has_work


def test_nothing_is_to_be_done_for_what_ran_as_it_is() -> None:
    world = World()
    world.apply(files())
    made = world.plan(files())
    assert pipeline_plan(made).action is PipelineAction.NONE
    assert pipeline_plan(made).reasons == ()
    assert actions(made) == ALL_REUSED
    assert not made.has_work


def test_a_closure_that_succeeded_before_is_restored_and_nothing_is_executed() -> None:
    world = World()
    world.apply(files({TRAIN: train(is_deterministic=False)}))
    world.apply(files({TRAIN: train(is_deterministic=False), **OTHER}))
    assert world.executed == ["train"]
    made = world.apply(files({TRAIN: train(is_deterministic=False)}))
    assert pipeline_plan(made).action is PipelineAction.RESTORE
    assert pipeline_plan(made).restores == "run-1"
    assert pipeline_plan(made).reasons == ("everything is as in run-1, which succeeded",)
    assert actions(made) == ALL_REUSED
    assert world.executed == []
    assert pipeline_plan(world.plan(files({TRAIN: train(is_deterministic=False)}))).action is PipelineAction.NONE


def test_what_was_restored_can_be_left_and_come_back_to() -> None:
    world = World()
    for changes in ({}, OTHER, {}, OTHER):
        made = world.apply(files(changes))
    assert pipeline_plan(made).action is PipelineAction.RESTORE
    assert pipeline_plan(made).restores == "run-2"


def test_steps_that_are_not_deterministic_never_make_a_pipeline_run_by_themselves() -> None:
    world = World()
    changes: dict[str, Content | None] = {SPLIT: split(is_deterministic=False)}
    world.apply(files(changes))
    assert pipeline_plan(world.plan(files(changes))).action is PipelineAction.NONE
    world.apply(files(changes))
    assert world.executed == []


def test_steps_that_are_not_deterministic_run_whenever_their_pipeline_does() -> None:
    world = World()
    changes: dict[str, Content | None] = {SPLIT: split(is_deterministic=False)}
    world.apply(files(changes))
    made = world.apply(files({**changes, **OTHER}))
    assert actions(made) == {"prepare": "reuse", "split": "run", "train": "run"}
    assert step_plan(made, "split").reasons == ("is not deterministic",)
    assert pipeline_plan(made).reasons == ("train: component train 1.0.0 · src/run.py changed",)
    assert world.executed == ["split", "train"]


def test_after_a_step_that_is_not_deterministic_nothing_is_sure() -> None:
    world = World()
    world.apply(files({SPLIT: split(is_deterministic=False)}))
    forced = plan_pipeline(
        pipeline_plan(world.plan(files({SPLIT: split(is_deterministic=False)}))).graph, world.actual, True
    )
    assert forced.action is PipelineAction.RUN
    assert {step.name: str(step.action) for step in forced.steps} == {
        "prepare": "reuse",
        "split": "run",
        "train": "maybe",
    }


def test_a_forced_run_of_an_unchanged_closure_reuses_deterministic_steps() -> None:
    world = World()
    graph = pipeline_plan(world.apply(files())).graph
    forced = plan_pipeline(graph, world.actual, is_forced=True)
    assert forced.action is PipelineAction.RUN
    assert forced.reasons == ("run-1 succeeded",)
    assert [step.reasons for step in forced.steps] == [("same fingerprint as in run-1",)] * 3


def test_force_rerun_executes_every_step_of_a_run_but_starts_none() -> None:
    world = World()
    forcing: dict[str, Content | None] = {PIPELINE: lending(settings={"force_rerun": True})}
    world.apply(files())
    made = world.plan(files(forcing))
    assert pipeline_plan(made).action is PipelineAction.NONE
    steps = plan_steps(pipeline_plan(made).graph, world.actual)
    assert str(steps[0].action) == "run"
    assert steps[0].reasons == ("force_rerun is set",)


def test_a_closure_that_is_running_is_not_run_a_second_time() -> None:
    world = World()
    world.apply(files())
    graph = pipeline_plan(world.plan(files(OTHER))).graph
    running = replace(world.actual, running={"lending": frozenset({graph.closure})})
    planned = plan_pipeline(graph, running)
    assert planned.action is PipelineAction.NONE
    assert planned.reasons == ("a run of exactly this is under way",)


def test_a_closure_that_failed_is_run_again_and_what_it_finished_is_reused() -> None:
    world = World()
    world.apply(files(), failing=["train"])
    made = world.apply(files())
    assert pipeline_plan(made).action is PipelineAction.RUN
    assert actions(made) == {"prepare": "reuse", "split": "reuse", "train": "run"}
    assert world.executed == ["train"]


def test_after_a_failed_run_the_last_good_closure_is_restored_not_run() -> None:
    world = World()
    world.apply(files())
    world.apply(files(OTHER), failing=["train"])
    assert pipeline_plan(world.plan(files())).restores == "run-1"


def test_a_result_that_is_not_known_any_more_is_made_again() -> None:
    world = World()
    graph = pipeline_plan(world.apply(files())).graph
    lost = replace(world.actual, results={}, succeeded={})
    forced = plan_pipeline(graph, lost, is_forced=True)
    assert forced.steps[0].reasons == ("its result is not known any more",)


def test_a_step_that_is_new_runs_alone() -> None:
    world = World()
    world.apply(files())
    more = jobs(
        again={"component": f"../{TRAIN}", "inputs": {"train": "${{parent.jobs.split.outputs.train}}", "rate": 0.5}}
    )
    made = world.plan(files({PIPELINE: lending(more)}))
    assert actions(made) == {**ALL_REUSED, "again": "run"}
    assert step_plan(made, "again").reasons == ("is new in the pipeline",)


def test_a_step_that_is_gone_or_renamed_is_told_and_nothing_is_executed() -> None:
    world = World()
    world.apply(files())
    without = {name: job for name, job in jobs().items() if name != "train"}
    made = world.apply(files({PIPELINE: lending({**without, "learn": jobs()["train"]})}))
    assert world.executed == []
    assert pipeline_plan(made).action is PipelineAction.RUN
    assert step_plan(made, "learn").reasons == ("same fingerprint as in run-1",)
    assert pipeline_plan(made).reasons == ("step learn is new", "step train is gone")


SPARK: dict[str, object] = {"type": "spark", "code": "./src", "depends_on": ["split"]}


def test_a_pipeline_with_a_job_that_cannot_run_here_never_runs_and_its_other_steps_are_planned() -> None:
    world = World()
    jobs_with_spark = jobs(count=SPARK, last={"component": f"../{TRAIN}", "depends_on": ["count"]})
    made = world.apply(files({PIPELINE: lending(jobs_with_spark)}))
    assert pipeline_plan(made).action is PipelineAction.NONE
    assert pipeline_plan(made).reasons == ("job count: spark jobs are not supported",)
    assert actions(made) == {"prepare": "run", "split": "run", "train": "run"}
    assert (made.has_work, made.has_errors, world.executed) == (False, False, [])
    assert {each.action for each in made.environments} == {EnvironmentAction.NONE}


def test_it_runs_once_that_job_is_gone() -> None:
    world = World()
    world.apply(files({PIPELINE: lending(jobs(count=SPARK))}))
    world.apply(files())
    assert world.executed == ["prepare", "split", "train"]


def test_it_does_not_run_by_force_either() -> None:
    world = World()
    graph = pipeline_plan(world.plan(files({PIPELINE: lending(jobs(count=SPARK))}))).graph
    assert plan_pipeline(graph, world.actual, is_forced=True).action is PipelineAction.NONE


def test_what_succeeded_before_is_reused_in_the_plan_of_one_that_cannot_run() -> None:
    world = World()
    world.apply(files())
    made = world.plan(files({PIPELINE: lending(jobs(count=SPARK))}))
    assert actions(made) == ALL_REUSED
    assert pipeline_plan(made).action is PipelineAction.NONE


def test_an_environment_is_built_when_a_step_to_be_run_needs_it() -> None:
    world = World()
    spare: dict[str, Content | None] = {"environments/spare.yaml": environment(name="spare")}
    planned = {each.name: each for each in world.apply(files(spare)).environments}
    assert planned["sklearn"].action is EnvironmentAction.BUILD
    assert planned["sklearn"].reasons == ("not built yet, needed by lending/prepare",)
    assert planned["spare"].action is EnvironmentAction.NONE
    assert {each.action for each in world.plan(files(spare)).environments} == {EnvironmentAction.NONE}


def test_an_environment_that_is_ready_is_not_built() -> None:
    world = World()
    (spec,) = {each.spec.digest for each in world.plan(files()).environments}
    world.actual = replace(world.actual, ready_environments=frozenset({spec}))
    made = world.plan(files({ENVIRONMENT: environment(conda_file="conda.yaml", version="1.5.0")}))
    assert [each.action for each in made.environments] == [EnvironmentAction.NONE]


def test_an_environment_of_a_step_that_may_run_is_built_too() -> None:
    world = World()
    world.apply(files())
    made = world.plan(files({"components/prepare/src/run.py": "print('other')"}))
    assert actions(made)["train"] == "maybe"
    assert [each.action for each in made.environments] == [EnvironmentAction.BUILD]


def test_what_was_applied_and_is_gone_is_pruned() -> None:
    world = World()
    world.apply(files({"environments/spare.yaml": environment(name="spare")}))
    made = world.plan(files({PIPELINE: None}))
    assert made.prune == (Pruned(Kind.ENVIRONMENT, "spare"), Pruned(Kind.PIPELINE, "lending"))
    assert made.pipelines == ()


def test_a_version_that_goes_prunes_nothing_while_another_one_stays() -> None:
    world = World()
    world.apply(files({"environments/newer.yaml": environment(version="1.1.0", conda_file="conda.yaml")}))
    assert world.plan(files()).prune == ()


@pytest.mark.parametrize("revision", ["main@sha1:1", ""])
def test_a_plan_tells_from_which_revision_to_which(revision: str) -> None:
    world = World()
    if revision:
        world.apply(files())
    made = world.plan(files())
    assert made.base == revision
    assert made.revision == ("main@sha1:2" if revision else "main@sha1:1")
