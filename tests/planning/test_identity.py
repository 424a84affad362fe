"""The rules of identity: what makes a step run again, and what does not."""

from __future__ import annotations

import pytest

from reconciler.model.plan import PipelineAction, StepAction
from reconciler.model.steps import Graph
from reconciler.planning.graph import GraphBuilder
from tests.manifests.documents import data, environment

from .history import Content, desired_of
from .lending import ENVIRONMENT, PIPELINE, PREPARE, SPLIT, TRAIN, files, jobs, lending, prepare, split, train
from .world import World, actions, pipeline_plan, step_plan

SEED = {"type": "integer", "default": 42}
DATA = "${{parent.jobs.prepare.outputs.data}}"
Changes = dict[str, Content | None]


def graph_of(changes: Changes | None = None) -> Graph:
    graphs, problems = GraphBuilder().build(desired_of(files(changes)))
    assert not any(problem.is_error for problem in problems)
    (graph,) = graphs
    return graph


def definitions_that_differ(changes: Changes) -> list[str]:
    before = {step.name: step.definition.digest for step in graph_of().steps}
    return [step.name for step in graph_of(changes).steps if before.get(step.name) != step.definition.digest]


NOTHING: list[Changes] = [
    {PREPARE: prepare(version="1.1.0")},
    {PREPARE: prepare(version=...)},
    {PREPARE: prepare(description="Other words", display_name="Other", tags={"a": "b"})},
    {PREPARE: prepare(inputs={"raw": {"type": "uri_file", "description": "Other words"}})},
    {PREPARE: prepare(name="other"), PIPELINE: lending(jobs(prepare={"component": f"../{PREPARE}"}))},
    {PREPARE: prepare(is_deterministic=False)},
    {PREPARE: prepare(is_deterministic=True)},
    {ENVIRONMENT: environment(conda_file="conda.yaml", version="1.9.0", description="Other words")},
    {"data/loans.yaml": data(version="3.0.0", description="Other words")},
    {"data/loans.yaml": data(path="moved.csv"), "data/loans.csv": None, "data/moved.csv": "1,2,3"},
    {PIPELINE: lending(version="2.0.0", description="Other words", experiment_name="other", tags={"a": "b"})},
    {PIPELINE: lending(jobs(train={"limits": {"timeout": 60}}))},
    {PIPELINE: lending(jobs(train={"depends_on": ["prepare"]}))},
    {PIPELINE: lending(jobs(split={"component": f"../{SPLIT}"}))},
    {PIPELINE: lending(settings={"continue_on_step_failure": True})},
    {PIPELINE: None, "elsewhere/lending.yaml": lending(jobs(train={"component": f"../{TRAIN}"}))},
    {"README.md": "Other words", "components/prepare/README.md": "Beside the code"},
    {SPLIT: split(inputs={"seed": SEED, "data": {"type": "uri_folder"}})},
    {"components/train/src/run.py": None, "code/run.py": "print('train')", TRAIN: train(code="../../code")},
]  # fmt: skip


@pytest.mark.parametrize("changes", NOTHING)
def test_what_only_names_describes_or_moves_a_thing_changes_no_fingerprint_and_runs_nothing(changes: Changes) -> None:
    assert definitions_that_differ(changes) == []
    assert graph_of(changes).closure == graph_of().closure
    world = World()
    world.apply(files())
    assert pipeline_plan(world.plan(files(changes))).action is PipelineAction.NONE


CONTENT: list[tuple[Changes, list[str]]] = [
    ({"components/prepare/src/run.py": "print('other')"}, ["prepare"]),
    ({"components/prepare/src/new.py": ""}, ["prepare"]),
    ({"components/prepare/src/helper.py": None}, ["prepare"]),
    ({"components/prepare/src/helper.py": None, "components/prepare/src/moved.py": ""}, ["prepare"]),
    ({SPLIT: split(command="split ${{inputs.data}} ${{outputs.train}} ${{inputs.seed}}")}, ["split"]),
    ({SPLIT: split(environment_variables={"THREADS": "1"})}, ["split"]),
    ({SPLIT: split(inputs={"data": {"type": "uri_folder"}, "seed": {**SEED, "default": 43}})}, ["split"]),
    ({SPLIT: split(inputs={"data": {"type": "mltable"}, "seed": SEED})}, ["split"]),
    ({SPLIT: split(outputs={"train": {"type": "uri_folder"}, "test": {"type": "uri_folder"}})}, ["split"]),
    ({TRAIN: train(environment={"image": "python:3.12"})}, ["train"]),
    ({PIPELINE: lending(jobs(train={"environment_variables": {"THREADS": "1"}}))}, ["train"]),
    ({PIPELINE: lending(jobs(train={"environment": {"image": "python:3.12"}}))}, ["train"]),
    ({"environments/conda.yaml": "dependencies: [python=3.12]"}, ["prepare", "split", "train"]),
    ({ENVIRONMENT: environment(image="python:3.12", conda_file="conda.yaml")}, ["prepare", "split", "train"]),
    ({"environments/new.yaml": environment(version="1.1.0", image="python:3.12")}, ["prepare", "split", "train"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "steps"), CONTENT)
def test_what_can_change_a_result_changes_the_fingerprint_of_its_step_alone(changes: Changes, steps: list[str]) -> None:
    assert definitions_that_differ(changes) == steps
    assert graph_of(changes).closure != graph_of().closure


@pytest.mark.parametrize(("changes", "steps"), CONTENT)
def test_only_the_steps_whose_dependencies_changed_run_and_those_after_them_may(
    changes: Changes, steps: list[str]
) -> None:
    world = World()
    world.apply(files())
    made = world.plan(files(changes))
    first = ["prepare", "split", "train"].index(steps[0])
    after = {name: "run" if name in steps else "maybe" for name in ["prepare", "split", "train"][first:]}
    assert actions(made) == {**dict.fromkeys(["prepare", "split", "train"], "reuse"), **after}
    assert pipeline_plan(made).action is PipelineAction.RUN


def test_a_literal_is_told_apart_by_type_and_value() -> None:
    digests = set()
    for seed in (1, 2, "1.0", 0.5):
        kind = "integer" if isinstance(seed, int) else "string" if isinstance(seed, str) else "number"
        inputs = {"data": {"type": "uri_folder"}, "seed": {"type": kind, "default": seed}}
        digests.add(graph_of({SPLIT: split(inputs=inputs)}).steps[1].definition.digest)
    assert len(digests) == 4


def test_a_literal_that_is_written_in_another_way_is_the_same() -> None:
    written = [jobs(split={"inputs": {"data": DATA, "seed": seed}}) for seed in (7, "7", 7.0)]
    bound = [graph_of({PIPELINE: lending(each)}) for each in written]
    assert len({graph.closure for graph in bound}) == 1
    assert dict(bound[0].steps[1].definition.literals) == {"seed": 7}


def test_a_default_written_out_is_the_same_as_the_default() -> None:
    job = {"inputs": {"data": DATA, "seed": 42}}
    assert graph_of({PIPELINE: lending(jobs(split=job))}).closure == graph_of().closure


def test_other_data_run_what_reads_them() -> None:
    world = World()
    world.apply(files())
    changes: Changes = {"data/loans.csv": "1,2,4"}
    assert definitions_that_differ(changes) == []
    assert graph_of(changes).closure != graph_of().closure
    made = world.plan(files(changes))
    assert actions(made) == {"prepare": "run", "split": "maybe", "train": "maybe"}
    assert step_plan(made, "prepare").reasons == ("data loans 1.0.0 changed",)


def test_steps_with_equal_fingerprints_in_two_pipelines_are_executed_once() -> None:
    world = World()
    world.apply(files())
    other = lending(name="other", experiment_name="other")
    made = world.apply(files({"pipelines/other.yaml": other}))
    assert actions(made, "other") == dict.fromkeys(["prepare", "split", "train"], "reuse")
    assert pipeline_plan(made, "other").action is PipelineAction.RUN
    assert world.executed == []


def test_when_a_changed_step_writes_the_same_bytes_all_after_it_is_reused() -> None:
    world = World()
    world.apply(files(), writes={"prepare": "the same"})
    made = world.apply(files({"components/prepare/src/run.py": "print('faster')"}), writes={"prepare": "the same"})
    assert actions(made) == {"prepare": "run", "split": "maybe", "train": "maybe"}
    assert step_plan(made, "train").reasons == ("after split: runs if what it reads changes",)
    assert step_plan(made, "split").fingerprint is None
    assert world.executed == ["prepare"]


def test_when_a_changed_step_writes_other_bytes_all_after_it_runs() -> None:
    world = World()
    world.apply(files())
    world.apply(files({"components/prepare/src/run.py": "print('other')"}))
    assert world.executed == ["prepare", "split", "train"]


def test_a_step_is_run_for_sure_when_it_changed_itself_whatever_comes_before_it() -> None:
    world = World()
    world.apply(files())
    changes: Changes = {"components/prepare/src/run.py": "print('other')", "components/train/src/run.py": "other"}
    assert actions(world.plan(files(changes))) == {"prepare": "run", "split": "maybe", "train": "run"}


def test_a_result_that_is_known_again_is_reused_though_the_pipeline_never_ran_as_a_whole() -> None:
    world = World()
    world.apply(files())
    world.apply(files({SPLIT: split(environment_variables={"THREADS": "1"})}))
    made = world.plan(files({"components/train/src/run.py": "print('other')"}))
    assert actions(made) == {"prepare": "reuse", "split": "reuse", "train": "run"}
    assert step_plan(made, "split").action is StepAction.REUSE
    assert step_plan(made, "split").reasons == ("same fingerprint as in run-1",)
